import { watch } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';

/** Calls back with what is in a file and with whatever is added, until the function that is returned is called. */
export function follow(file: string, onText: (text: string) => void): () => void {
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
      if (bytesRead > 0) onText(buffer.toString('utf8', 0, bytesRead));
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
