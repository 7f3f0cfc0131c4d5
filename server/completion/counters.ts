import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** How useful completions were, summed up over all sessions. Numbers only, never text. */
export interface Counters {
  /** Completions sent to the editor; one that is typed along counts once. */
  offered: number;
  accepted: number;
  /** Accepted word by word or line by line, not to the end. */
  partlyAccepted: number;
  /** Characters accepted, and how many of them were still there a minute later. */
  acceptedCharacters: number;
  retainedCharacters: number;
}

const FILE = 'acceptance.json';

const ZERO: Counters = {
  offered: 0,
  accepted: 0,
  partlyAccepted: 0,
  acceptedCharacters: 0,
  retainedCharacters: 0,
};

/** The counters in a storage folder; all zero where there are none, or none that make sense. */
export async function readCounters(storageDir: string): Promise<Counters> {
  try {
    const stored = JSON.parse(await readFile(path.join(storageDir, FILE), 'utf8'));
    const entries = Object.keys(ZERO).map((key) => [key, Number.isFinite(stored[key]) ? stored[key] : 0]);
    return Object.fromEntries(entries);
  } catch {
    return { ...ZERO };
  }
}

/** Counts in memory and adds to the file now and then: several servers may share it. */
export class CounterFile {
  private readonly dir: string;
  private pending: Counters = { ...ZERO };
  private writing: Promise<void> = Promise.resolve();

  constructor(storageDir: string) {
    this.dir = storageDir;
  }

  add(counts: Partial<Counters>): void {
    for (const [key, count] of Object.entries(counts)) this.pending[key as keyof Counters] += count;
  }

  /** The file and what is not in it yet. */
  async read(): Promise<Counters> {
    await this.writing;
    return sum(await readCounters(this.dir), this.pending);
  }

  /** Adds what was counted to the file. A folder that cannot be written loses counts, nothing else. */
  save(): Promise<void> {
    this.writing = this.writing.then(() => this.write()).catch(() => {});
    return this.writing;
  }

  async clear(): Promise<void> {
    this.pending = { ...ZERO };
    await this.writing;
    await rm(path.join(this.dir, FILE), { force: true });
  }

  private async write(): Promise<void> {
    const counted = this.pending;
    if (Object.values(counted).every((count) => count === 0)) return;
    this.pending = { ...ZERO };
    await mkdir(this.dir, { recursive: true });
    const total = sum(await readCounters(this.dir), counted);
    const file = path.join(this.dir, FILE);
    const partial = `${file}.${process.pid}.partial`;
    await writeFile(partial, `${JSON.stringify(total, null, 1)}\n`);
    await rename(partial, file);
  }
}

function sum(a: Counters, b: Counters): Counters {
  const entries = Object.keys(ZERO).map((key) => [key, a[key as keyof Counters] + b[key as keyof Counters]]);
  return Object.fromEntries(entries) as unknown as Counters;
}
