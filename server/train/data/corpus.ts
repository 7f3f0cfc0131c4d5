import { stat } from 'node:fs/promises';
import type { Random } from '../../decode/random.ts';
import { UserError } from '../../errors.ts';
import type { DocumentFile, TrainingDocument } from './document.ts';
import { openJsonLines } from './json-lines.ts';
import { type DataRules, sift } from './sift.ts';
import { openSourceFolder } from './source-folder.ts';

/** All documents of a run. */
export class Corpus {
  readonly files: readonly DocumentFile[];
  /** Documents in the files before each file, and at last all of them. */
  readonly #ends: number[] = [];

  private constructor(files: readonly DocumentFile[]) {
    this.files = files;
    for (const { count } of files) this.#ends.push((this.#ends.at(-1) ?? 0) + count);
  }

  /**
   * Opens files of JSON lines and folders of source files and leaves out what the rules say. Throws UserError for a path
   * that yields nothing and for a line that cannot be read.
   */
  static async open(paths: readonly string[], rules: Partial<DataRules> = {}): Promise<Corpus> {
    const sources: DocumentFile[][] = [];
    for (const one of paths) {
      const found = await stat(one).catch((error: Error) => {
        throw new UserError(`${one} cannot be read: ${error.message}.`);
      });
      sources.push(found.isDirectory() ? await openSourceFolder(one) : [await openJsonLines(one)]);
    }
    const files = await sift(sources.flat(), rules);
    let start = 0;
    for (const [i, { length }] of sources.entries()) {
      checkSource(paths[i], files.slice(start, start + length));
      start += length;
    }
    return new Corpus(files);
  }

  get count(): number {
    return this.#ends.at(-1) ?? 0;
  }

  /** A document by chance, each with the same probability. */
  async draw(random: Random): Promise<TrainingDocument> {
    const index = Math.floor(random.uniform() * this.count);
    const at = this.#ends.findIndex((end) => index < end);
    return this.files[at].read(index - (this.#ends[at] - this.files[at].count));
  }
}

function checkSource(source: string, files: readonly DocumentFile[]): void {
  if (files.some(({ count }) => count > 0)) return;
  const dropped = Object.entries(countDropped(files)).map(([reason, count]) => `${count} ${reason}`);
  const why = dropped.length > 0 ? `all is left out (${dropped.join(', ')})` : 'no source files, or no lines';
  throw new UserError(`${source} holds nothing to learn from: ${why}.`);
}

/** Documents that were left out of several files, by the reason. */
export function countDropped(files: readonly DocumentFile[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [reason, count] of files.flatMap(({ dropped }) => Object.entries(dropped ?? {}))) {
    counts[reason] = (counts[reason] ?? 0) + count;
  }
  return counts;
}
