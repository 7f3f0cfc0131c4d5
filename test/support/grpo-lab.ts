import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import type { Verdict } from '../../server/sandbox/verdict.ts';
import { runGrpo } from '../../server/train/rl/grpo.ts';
import type { RewardSandbox } from '../../server/train/rl/grpo-loop.ts';
import type { GrpoRow, StepRow } from '../../server/train/rl/grpo-row.ts';
import { RL_PRESETS } from '../../server/train/rl/presets/index.ts';
import { resolveGrpoSettings } from '../../server/train/rl/settings.ts';
import type { RunFolder } from '../../server/train/run/run-folder.ts';
import { temporaryFolder } from './model-files.ts';
import { writeTinyModel } from './tiny-model-folder.ts';

export const HELD_OUT = ['last', 'first', 'second', 'third', 'fourth', 'fifth'];
export const TASKS = ['double', 'half', 'next', ...HELD_OUT].map((name, i) => ({
  task_id: name,
  text: name,
  code: '    return x\n',
  entry_point: name,
  prefix: `def ${name}(x):\n`,
  test_list: [`assert ${name}(0) == 0`],
  level: 1 + (i % 2),
  split: i < 3 ? 'train' : 'heldout',
}));

/** A quarter of the bytes. */
const STOP_TOKENS = bytes(192, 256);

export function bytes(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, i) => first + i);
}

/** Right is what begins with an even byte. */
const beginsEven = (answer: string) => Buffer.from(answer)[0] % 2 === 0;

/** Judges by the text alone. */
export function fakeSandbox(
  isRight: (answer: string) => boolean = beginsEven,
  onVerdict: () => void = () => {},
): RewardSandbox {
  return {
    async verdict({ task, code }): Promise<Verdict> {
      onVerdict();
      const passed = isRight(code.slice(task.prefix.length));
      return {
        taskId: task.id,
        verdict: passed ? 'passed' : 'failed',
        passed: Number(passed),
        total: 1,
        asserts: [passed ? 'passed' : 'failed'],
        ms: 1,
        detail: '',
      };
    },
    close() {},
  };
}

interface LabChanges extends Record<string, unknown> {
  /** Tokens that end a response; a quarter of the bytes, so that most are short. */
  stopTokens?: readonly number[];
  /** Factor of the embedding: how sure the model is of what it writes. */
  sureness?: number;
  recipe?: object;
  tasks?: readonly object[];
}

/** A tiny model, tasks, and settings of a run of four steps on them with an evaluation after every other. */
export function lab(
  t: TestContext,
  { recipe = {}, tasks = TASKS, stopTokens = STOP_TOKENS, sureness = 1, ...changes }: LabChanges = {},
) {
  const dir = temporaryFolder(t);
  const model = path.join(dir, 'model');
  const weightOf = (name: string, value: number) => (name.includes('embed') ? sureness * value : value);
  writeTinyModel(model, weightOf, stopTokens);
  const file = path.join(dir, 'tasks.jsonl');
  writeFileSync(file, tasks.map((task) => JSON.stringify(task)).join('\n'));
  const { decode, filter, ...preset } = RL_PRESETS.lightningrl;
  const settings = {
    model,
    tasks: file,
    recipe: {
      ...preset,
      promptsPerStep: 2,
      groupSize: 4,
      decode: { ...decode, maxTokens: 8, threshold: 0.02 },
      filter: { ...filter, drop: [] },
      optimizer: { ...preset.optimizer, learningRate: 0.02, warmupSteps: 0 },
      ...recipe,
    },
    steps: 4,
    rank: 2,
    evaluateEvery: 2,
    threads: 1,
    ...changes,
  };
  return { dir, settings };
}

/** What does not depend on the clock. */
export async function metricsWithoutTimes(run: RunFolder) {
  return (await run.metrics()).map(
    ({ seconds: _, secondsLeft: __, tokensPerSecond: ___, memory: ____, ...row }) => row,
  );
}

interface Sample {
  step: number;
  taskId: string;
  tokens: number;
  weightsVersion: number;
  completion: string;
  trace: string;
}

/** Rows of samples.jsonl. */
export function samples(run: RunFolder): Sample[] {
  const text = readFileSync(path.join(run.dir, 'samples.jsonl'), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** Trains in this process until the end, or until step `stopAfter` is done. */
export async function train(
  run: RunFolder,
  settings: unknown,
  { stopAfter = Number.POSITIVE_INFINITY, sandbox = fakeSandbox() } = {},
) {
  const abort = new AbortController();
  const rows: GrpoRow[] = [];
  const onRow = (row: GrpoRow) => {
    rows.push(row);
    if ('reward' in row && row.step === stopAfter) abort.abort();
  };
  const resolved = resolveGrpoSettings(settings as Record<string, unknown>, 'test');
  const state = await runGrpo(run, resolved, abort.signal, onRow, async () => sandbox);
  return { state, rows, steps: rows.filter((row): row is StepRow => 'reward' in row) };
}
