import { existsSync } from 'node:fs';
import path from 'node:path';
import type { LearnedPolicy } from '../decode/unmasking/learned-policy.ts';
import { UserError } from '../errors.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import { POLICY_FILE, readPolicy } from '../models/policy-file.ts';
import type { Ort } from './ort.ts';
import { OrtPolicy } from './ort-policy.ts';

/** The learned policies of a model, each opened when it is first asked for. */
export class Policies {
  readonly #ort: Ort;
  readonly #folder: ModelFolder;
  readonly #opened = new Map<string, OrtPolicy>();

  constructor(ort: Ort, folder: ModelFolder) {
    this.#ort = ort;
    this.#folder = folder;
  }

  /** The policy of a file, or the one in the model's folder. Throws UserError where there is none that fits. */
  async get(file: string = path.join(this.#folder.dir, POLICY_FILE)): Promise<LearnedPolicy> {
    const known = this.#opened.get(file);
    if (known) return known;
    if (!existsSync(file)) {
      throw new UserError(
        `There is no policy ${file}: train one by unmask train grpo --preset jazbec, or name another file.`,
      );
    }
    const policy = await OrtPolicy.open(this.#ort, await readPolicy(file, this.#folder));
    this.#opened.set(file, policy);
    return policy;
  }

  async release(): Promise<void> {
    for (const policy of this.#opened.values()) await policy.release();
  }
}
