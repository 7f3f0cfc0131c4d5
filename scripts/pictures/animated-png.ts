import { crc32 } from 'node:zlib';

/** One picture of an animation. */
export interface Frame {
  /** A PNG file, of the same colour type as all others. */
  png: Buffer;
  /** Where it is put on the first frame, pixels; it must not reach beyond it. */
  x: number;
  y: number;
  /** How long it is shown. */
  milliseconds: number;
}

interface Chunk {
  type: string;
  data: Buffer;
}

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');

/**
 * Joins PNG files into one that repeats them for ever (the animation chunks of PNG, third edition). The compressed pixels
 * are taken as they are; what cannot show animations shows the first frame.
 */
export function animatedPng(frames: readonly Frame[]): Buffer {
  const pictures = frames.map(({ png }) => chunksOf(png));
  const header = pictures[0].find(({ type }) => type === 'IHDR')!;
  let sequence = 0;
  const body = frames.flatMap((frame, i) => [
    { type: 'fcTL', data: frameControl(sequence++, pictures[i], frame) },
    ...pictures[i]
      .filter(({ type }) => type === 'IDAT')
      .map(({ data }) =>
        i === 0
          ? { type: 'IDAT', data }
          : { type: 'fdAT', data: Buffer.concat([unsigned32(sequence++), data]) },
      ),
  ]);
  const forEver = 0;
  return Buffer.concat([
    SIGNATURE,
    ...[
      header,
      { type: 'acTL', data: unsigned32(frames.length, forEver) },
      ...body,
      { type: 'IEND', data: Buffer.alloc(0) },
    ].map(chunkBytes),
  ]);
}

function frameControl(sequence: number, picture: readonly Chunk[], { x, y, milliseconds }: Frame): Buffer {
  const size = picture[0].data.subarray(0, 8);
  const timing = Buffer.alloc(6);
  timing.writeUInt16BE(milliseconds, 0);
  timing.writeUInt16BE(1000, 2);
  // The last two bytes: the frame stays, and the next one replaces what it covers.
  return Buffer.concat([unsigned32(sequence), size, unsigned32(x, y), timing]);
}

function chunksOf(png: Buffer): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    chunks.push({
      type: png.toString('latin1', at + 4, at + 8),
      data: png.subarray(at + 8, at + 8 + length),
    });
    at += length + 12;
  }
  return chunks;
}

function chunkBytes({ type, data }: Chunk): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  return Buffer.concat([unsigned32(data.length), named, unsigned32(crc32(named))]);
}

function unsigned32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, 4 * i);
  return bytes;
}
