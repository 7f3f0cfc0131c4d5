import { watch } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { StringDecoder } from 'node:string_decoder';

/** Calls back with what is in a file and with whatever is added, until the function that is returned is called. */
export function follow(file: string, onText: (text: string) => void): () => void {
  const decoder = new StringDecoder('utf8');
  let offset = 0;
  let reading = Promise.resolve();
  const read = async () => {
    const handle = await open(file);
    try {
      const { size } = await handle.stat();
      const { buffer, bytesRead } = await handle.read(
        Buffer.alloc(Math.max(0, size - offset)),
        0,
        null,
        offset,
      );
      offset += bytesRead;
      // A character may be written in two parts.
      const text = decoder.write(buffer.subarray(0, bytesRead));
      if (text !== '') onText(text);
    } finally {
      await handle.close();
    }
  };
  const next = () => {
    reading = reading.then(read).catch(() => {});
  };
  const watcher = watch(path.dirname(file), next);
  watcher.on('error', () => watcher.close());
  next();
  return () => watcher.close();
}
