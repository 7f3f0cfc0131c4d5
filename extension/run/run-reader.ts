import { type FSWatcher, watch } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { RunRow, RunUpdate } from '../../server/protocol.ts';

/** How far a file was read. */
interface Place {
  /** Of the file itself: another one under the same name is read from its beginning. */
  inode: number;
  offset: number;
}

/** Reads what is new in a run's folder. Knows nothing of the process that writes it. */
export class RunReader {
  readonly dir: string;
  private readonly places = new Map<string, Place>();

  constructor(dir: string) {
    this.dir = dir;
  }

  /** The rows since the last call; all of them, with `restart`, when a file was written anew. */
  async read(): Promise<RunUpdate> {
    const state = await this.state();
    let [metrics, samples] = await this.files();
    const restart = metrics.again || samples.again;
    if (restart) {
      this.places.clear();
      [metrics, samples] = await this.files();
    }
    return { run: this.dir, restart, state, metrics: metrics.rows, samples: samples.rows };
  }

  /** Calls back after changes in the folder, until the function that is returned is called. Throws without a folder. */
  watch(onChange: () => void): () => void {
    const watcher: FSWatcher = watch(this.dir, onChange);
    // The folder was deleted: what was read stays on the page.
    watcher.on('error', () => watcher.close());
    return () => watcher.close();
  }

  private files() {
    return Promise.all([this.newRows('metrics.jsonl'), this.newRows('samples.jsonl')]);
  }

  private async newRows(name: string): Promise<{ rows: RunRow[]; again: boolean }> {
    const file = path.join(this.dir, name);
    const stats = await stat(file).catch(() => undefined);
    if (!stats) return { rows: [], again: this.places.has(name) };
    const place = this.places.get(name) ?? { inode: stats.ino, offset: 0 };
    if (place.inode !== stats.ino || stats.size < place.offset) return { rows: [], again: true };
    const text = await readFrom(file, place.offset, stats.size - place.offset);
    // A last line without its end is still being written.
    const complete = text.subarray(0, text.lastIndexOf(0x0a) + 1);
    this.places.set(name, { inode: stats.ino, offset: place.offset + complete.length });
    return { rows: parseRows(complete.toString('utf8')), again: false };
  }

  private async state(): Promise<RunRow | null> {
    const text = await readFile(path.join(this.dir, 'state.json'), 'utf8').catch(() => undefined);
    return text === undefined ? null : (parseRow(text) ?? null);
  }
}

async function readFrom(file: string, offset: number, length: number): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** Lines that are no objects are left out: one damaged line does not hide the run. */
function parseRows(text: string): RunRow[] {
  return text
    .split('\n')
    .map(parseRow)
    .filter((row) => row !== undefined);
}

function parseRow(text: string): RunRow | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as RunRow)
      : undefined;
  } catch {
    return undefined;
  }
}
