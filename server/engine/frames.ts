/** A frame is the byte length of its body (4 bytes, little endian) and the body: one JSON value in UTF-8. */
const HEADER_BYTES = 4;

/** Longest body. A trajectory of a long generation with candidates takes a few megabytes. */
export const MAX_FRAME_BYTES = 64 * 1024 * 1024;

/** What arrived is no frame. The stream cannot be read any further. */
export class FrameError extends Error {
  override name = 'FrameError';
}

/** The frame of one message. Throws FrameError when its body is over MAX_FRAME_BYTES. */
export function encodeFrame(message: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(message), 'utf8');
  if (body.length > MAX_FRAME_BYTES) {
    throw new FrameError(`a message of ${body.length} bytes is over the limit of ${MAX_FRAME_BYTES} bytes`);
  }
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(body.length);
  return Buffer.concat([header, body]);
}

/** Puts frames together from chunks that are cut anywhere. */
export class FrameReader {
  private readonly chunks: Buffer[] = [];
  private buffered = 0;
  /** Body length of the frame under way; undefined while its header is incomplete. */
  private bodyLength: number | undefined;

  /** The messages that `chunk` completes, in order. Throws FrameError when the bytes are no frames. */
  push(chunk: Buffer): unknown[] {
    this.chunks.push(chunk);
    this.buffered += chunk.length;
    const messages: unknown[] = [];
    while (this.complete()) messages.push(this.takeBody());
    return messages;
  }

  private complete(): boolean {
    if (this.bodyLength === undefined && this.buffered >= HEADER_BYTES) {
      const length = this.take(HEADER_BYTES).readUInt32LE();
      if (length > MAX_FRAME_BYTES)
        throw new FrameError(`a frame announces ${length} bytes: this is no frame`);
      this.bodyLength = length;
    }
    return this.bodyLength !== undefined && this.buffered >= this.bodyLength;
  }

  private takeBody(): unknown {
    const body = this.take(this.bodyLength ?? 0).toString('utf8');
    this.bodyLength = undefined;
    try {
      return JSON.parse(body);
    } catch {
      throw new FrameError(`the body of a frame is not JSON: ${JSON.stringify(body.slice(0, 40))}`);
    }
  }

  private take(length: number): Buffer {
    // Joined only when a header or body is complete, so that a long body in many chunks is copied once.
    const all = this.chunks.length === 1 ? this.chunks[0] : Buffer.concat(this.chunks);
    this.chunks.length = 0;
    if (all.length > length) this.chunks.push(all.subarray(length));
    this.buffered = all.length - length;
    return all.subarray(0, length);
  }
}
