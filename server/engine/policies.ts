import { existsSync } from 'node:fs';
import path from 'node:path';
import type { LearnedPolicy } from '../decode/unmasking/learned-policy.ts';
import { UserError } from '../errors.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import { isPlanner, PLANNER_FILE, readPlanner } from '../models/planner-file.ts';
import { POLICY_FILE, readPolicy } from '../models/policy-file.ts';
import type { Ort } from './ort.ts';
import { OrtPlanner } from './ort-planner.ts';
import { OrtPolicy } from './ort-policy.ts';

/** The learned policies of a model, each opened when it is first asked for. */
export class Policies {
  readonly #ort: Ort;
  readonly #folder: ModelFolder;
  readonly #threads: number;
  readonly #opened = new Map<string, OrtPolicy | OrtPlanner>();

  /** `threads`: of the denoiser, as many as a planner gets. */
  constructor(ort: Ort, folder: ModelFolder, threads: number) {
    this.#ort = ort;
    this.#folder = folder;
    this.#threads = threads;
  }

  /**
   * The policy or planner of a file, or the one in the model's folder, a policy where it has both. Throws UserError where
   * there is none that fits.
   */
  async get(given?: string): Promise<LearnedPolicy> {
    const file = given ?? this.#ownFile();
    const known = this.#opened.get(file);
    if (known) return known;
    if (!existsSync(file)) {
      throw new UserError(
        `There is no policy ${file}: train one by unmask train grpo --preset jazbec, or name another file.`,
      );
    }
    const policy = (await isPlanner(file)) ? await this.#planner(file) : await this.#policy(file);
    this.#opened.set(file, policy);
    return policy;
  }

  #ownFile(): string {
    const [policy, planner] = [POLICY_FILE, PLANNER_FILE].map((name) => path.join(this.#folder.dir, name));
    return !existsSync(policy) && existsSync(planner) ? planner : policy;
  }

  async #policy(file: string): Promise<OrtPolicy> {
    return OrtPolicy.open(this.#ort, await readPolicy(file, this.#folder));
  }

  async #planner(file: string): Promise<OrtPlanner> {
    const { header, values } = await readPlanner(file, this.#folder);
    const planner = await OrtPlanner.open(this.#ort, this.#folder.spec, this.#threads, header);
    planner.update(values);
    return planner;
  }

  async release(): Promise<void> {
    for (const policy of this.#opened.values()) await policy.release();
  }
}
