import { UserError } from '../../errors.ts';
import type { ModelFolder } from '../../models/model-folder.ts';
import { hashTokenizer } from '../../models/tokenizer.ts';
import type { Trajectory } from '../../protocol.ts';
import { TrainingSession } from '../session.ts';
import { scoredBatch } from './policy-batches.ts';
import { policyRows } from './policy-rows.ts';
import type { Group } from './rollout.ts';

/** A frozen model that says how probable responses are, token by token from left to right. */
export class Teacher {
  readonly #folder: ModelFolder;
  readonly #session: TrainingSession;

  private constructor(folder: ModelFolder, session: TrainingSession) {
    this.#folder = folder;
    this.#session = session;
  }

  /** Throws UserError for a model that has no autoregressive mode, or another tokenizer than the student. */
  static async open(folder: ModelFolder, student: ModelFolder, threads: number): Promise<Teacher> {
    if (folder.spec.cleanAttention !== 'causal' || folder.spec.logitShift !== 1) {
      throw new UserError(
        `the teacher ${folder.name} has no autoregressive mode: name a model that has one by --set teacher=DIR.`,
      );
    }
    if ((await hashTokenizer(folder)) !== (await hashTokenizer(student))) {
      throw new UserError(
        `the teacher ${folder.name} has another tokenizer than ${student.name}: name a model with the same one.`,
      );
    }
    const policy = { competition: 'all', suppressed: [] } as const;
    const session = await TrainingSession.open(folder, { tensors: new Set() }, threads, { policy });
    return new Teacher(folder, session);
  }

  /** The responses of a group with the mean log-probability of their tokens, 0 for no tokens. */
  async marked(group: Group): Promise<Group> {
    const means = await this.#means(group.map(({ trajectory }) => trajectory));
    return group.map((rollout, i) => ({ ...rollout, teacherLogProb: means[i] }));
  }

  async release(): Promise<void> {
    await this.#session.release();
  }

  async #means(trajectories: readonly Trajectory[]): Promise<number[]> {
    const responses = trajectories.map(({ promptIds, responseIds }) => ({
      promptIds,
      responseIds,
      states: responseIds.map((id, i) => {
        const position = promptIds.length + i;
        return { start: position, tokens: [], scored: [{ position, id }], round: i };
      }),
    }));
    const rows = policyRows(this.#folder.spec, responses);
    const logProbs =
      rows.scored.length > 0 ? await this.#session.score(scoredBatch(rows, 'model', 1), new Map()) : [];
    const sums = trajectories.map(() => 0);
    for (const [i, { response }] of rows.scored.entries()) sums[response] += logProbs[i];
    return sums.map((sum, i) => sum / Math.max(1, trajectories[i].responseIds.length));
  }
}
