import { seedOf } from '../decode/random.ts';
import type { WarmModel } from '../engine/warm-model.ts';
import type { DecodeSettings, EvalAnswer } from '../protocol.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { assembleProgram } from '../tasks/program.ts';
import type { Task } from '../tasks/task.ts';
import { proposalChecks } from './acceptance.ts';
import { answerRequest, completionOf } from './answer.ts';
import { editSimilarity } from './edit-similarity.ts';
import { exactMatch } from './exact-match.ts';

export interface EvalSettings {
  /** Over what each kind of task is decoded with by default. */
  decode: Partial<DecodeSettings>;
  /** Answers per task. */
  samples: number;
  /** Tests that the prompt of a function shows; undefined: as the task says. */
  shownTests: number | undefined;
}

/**
 * Answers to the tasks by several ways of decoding, point by point in the order of the tasks. A task is decoded at every
 * point before the next one: its prompt is read once, and a machine that slows down slows all points alike. Verdicts are
 * reached while the next answer is decoded; `sandbox` may be left out where no task has tests. Throws UserError where the
 * model cannot follow; rejects on abort.
 */
export async function evaluate(
  model: Pick<WarmModel, 'complete'>,
  sandbox: Sandbox | undefined,
  tasks: readonly Task[],
  points: readonly EvalSettings[],
  signal: AbortSignal,
  onAnswer: () => void,
): Promise<EvalAnswer[][]> {
  const answers = points.map((): Promise<EvalAnswer>[] => []);
  for (const [t, task] of tasks.entries()) {
    for (const [i, point] of points.entries()) {
      for (let sample = 0; sample < point.samples; sample++) {
        const seed = seedOf(point.decode.seed ?? 0, t * point.samples + sample);
        const answer = judged(
          await decodeAnswer(model, task, point, { sample, seed }, signal),
          task,
          sandbox,
          signal,
        );
        answer.catch(() => {});
        answers[i].push(answer);
        onAnswer();
      }
    }
  }
  return Promise.all(answers.map((ofPoint) => Promise.all(ofPoint)));
}

async function decodeAnswer(
  model: Pick<WarmModel, 'complete'>,
  task: Task,
  { decode, shownTests }: EvalSettings,
  { sample, seed }: { sample: number; seed: number },
  signal: AbortSignal,
): Promise<EvalAnswer> {
  const request = answerRequest(task, shownTests);
  const settings = { ...request.settings, ...decode, seed };
  const trajectory = await model.complete(
    { ...request, settings, candidates: 0 },
    { cancelled: () => signal.aborted },
  );
  signal.throwIfAborted();
  const text = completionOf(task, trajectory);
  const isHole = task.suffix !== undefined;
  return {
    task_id: task.id,
    decode: trajectory.settings.mode,
    threshold: trajectory.settings.threshold,
    sample,
    text,
    stop: trajectory.stop,
    exactMatch: isHole ? exactMatch(text, task.reference) : null,
    editSimilarity: isHole ? editSimilarity(text, task.reference) : null,
    verdict: null,
    tokens: trajectory.responseIds.length,
    forwards: trajectory.forwards,
    milliseconds: trajectory.ms.decode,
    proposals: trajectory.settings.mode === 'verified' ? proposalChecks(trajectory.steps) : [],
  };
}

async function judged(
  answer: EvalAnswer,
  task: Task,
  sandbox: Sandbox | undefined,
  signal: AbortSignal,
): Promise<EvalAnswer> {
  if (!sandbox || task.tests.length === 0) return answer;
  const { verdict } = await sandbox.verdict({ task, code: assembleProgram(task, answer.text) }, signal);
  return { ...answer, verdict };
}
