import { crc32, deflateRawSync } from 'node:zlib';

/** A zip archive as the format's description has it; local headers have extra fields that the directory lacks. */
export function zip(files: Record<string, Buffer>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const data = deflateRawSync(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.from(common);
    local.writeUInt16LE(4, 24);
    const written = Buffer.concat([signature(0x04034b50), local, Buffer.from(name), Buffer.alloc(4), data]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(
      Buffer.concat([signature(0x02014b50), Buffer.from([20, 0]), common, rest, Buffer.from(name)]),
    );
    parts.push(written);
    offset += written.length;
  }
  const all = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt32LE(all.length, 8);
  end.writeUInt32LE(offset, 12);
  end.writeUInt16LE(7, 16);
  return Buffer.concat([...parts, all, signature(0x06054b50), end, Buffer.from('comment')]);
}

function signature(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
