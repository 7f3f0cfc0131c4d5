import { stat } from 'node:fs/promises';
import type { Random } from '../../decode/random.ts';
import { UserError } from '../../errors.ts';
import type { DocumentFile, TrainingDocument } from './document.ts';
import { openJsonLines } from './json-lines.ts';
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

  /** Opens files of JSON lines and folders of source files. Throws UserError for a path that yields nothing. */
  static async open(paths: readonly string[]): Promise<Corpus> {
    const files: DocumentFile[] = [];
    for (const one of paths) {
      const found = await stat(one).catch((error: Error) => {
        throw new UserError(`${one} cannot be read: ${error.message}.`);
      });
      const opened = found.isDirectory() ? await openSourceFolder(one) : [await openJsonLines(one)];
      if (opened.every(({ count }) => count === 0)) {
        throw new UserError(`${one} holds nothing to learn from: no source files, or no lines.`);
      }
      files.push(...opened);
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
