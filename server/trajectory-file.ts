import { UserError } from './errors.ts';
import type { Step, Trajectory } from './protocol.ts';

/** The key at fault, or undefined when the value has the shape. */
type Shape = (value: unknown, key: string) => string | undefined;

const leaf =
  (fits: (value: unknown) => boolean): Shape =>
  (value, key) =>
    fits(value) ? undefined : key;

const text = leaf((value) => typeof value === 'string');
const yesOrNo = leaf((value) => typeof value === 'boolean');
const number = leaf((value) => Number.isFinite(value));
const whole = leaf((value) => Number.isSafeInteger(value));
const count = leaf((value) => Number.isSafeInteger(value) && (value as number) >= 0);
const share = leaf((value) => Number.isFinite(value) && (value as number) >= 0 && (value as number) <= 1.001);
const oneOf = (...values: unknown[]) => leaf((value) => values.includes(value));

const optional =
  (shape: Shape): Shape =>
  (value, key) =>
    value === undefined ? undefined : shape(value, key);

const list =
  (shape: Shape): Shape =>
  (value, key) => {
    if (!Array.isArray(value)) return key;
    for (const [i, item] of value.entries()) {
      const fault = shape(item, `${key}[${i}]`);
      if (fault) return fault;
    }
  };

const record =
  (fields: Record<string, Shape>): Shape =>
  (value, key) => {
    if (typeof value !== 'object' || value === null) return key;
    for (const [name, shape] of Object.entries(fields)) {
      const fault = shape((value as Record<string, unknown>)[name], key === '' ? name : `${key}.${name}`);
      if (fault) return fault;
    }
  };

const CANDIDATES = optional(list(record({ id: count, text, probability: share })));

const REVEAL = record({
  position: count,
  id: count,
  text,
  confidence: share,
  logProb: number,
  source: oneOf('clean', 'noisy'),
  previous: optional(count),
  candidates: CANDIDATES,
});

const STEP = record({
  index: count,
  kind: oneOf('denoise', 'commit'),
  windowStart: whole,
  window: list((value, key) => (value === null ? undefined : count(value, key))),
  revealed: list(REVEAL),
  confirmed: list(record({ position: count, confidence: share, candidates: CANDIDATES })),
  rolledBack: list(count),
  settled: count,
  milliseconds: number,
});

const TRAJECTORY = record({
  model: text,
  weights: text,
  device: text,
  settings: record({
    mode: oneOf('ar', 'threshold', 'verified'),
    threshold: share,
    window: count,
    maxTokens: count,
    temperature: number,
    seed: whole,
    topK: count,
    stopStrings: list(text),
    policy: optional(oneOf('dynamic', 'static', 'sequential', 'entropy', 'factor')),
    steps: optional(count),
    entropyBound: optional(number),
    factor: optional(number),
    cache: optional(oneOf('prefix', 'dual')),
    refresh: optional(count),
  }),
  prompt: optional(
    record({
      prefix: text,
      beginning: optional(text),
      suffix: text,
      fim: yesOrNo,
      chat: optional(yesOrNo),
      budget: count,
    }),
  ),
  promptIds: list(count),
  suffixIds: optional(list(count)),
  cachedTokens: count,
  responseIds: list(count),
  responseTexts: list(text),
  text,
  steps: list(STEP),
  stop: oneOf('token', 'string', 'length', 'cancelled'),
  rollbacks: count,
  forwards: record({ prefill: count, denoise: count, total: count }),
  tpf: record({ denoise: number, total: number }),
  ms: record({ load: number, prefill: number, decode: number }),
});

/** Reads a saved trajectory and checks that it can be drawn; `name` stands for the file in the sentence of a UserError. */
export function parseTrajectory(contents: string, name: string): Trajectory {
  const value = parseJson(contents, name);
  if (value?.format !== 'unmask-trajectory') {
    throw new UserError(`${name} is not a trace of Unmask: its key "format" is not "unmask-trajectory".`);
  }
  if (value.version !== 1) {
    throw new UserError(
      `${name} has version ${JSON.stringify(value.version)} and this Unmask reads version 1: use the Unmask that wrote it.`,
    );
  }
  const fault = TRAJECTORY(value, '') ?? inconsistency(value as Trajectory);
  if (fault) throw new UserError(`${name} is damaged at the key "${fault}": record the trace again.`);
  return value as Trajectory;
}

function parseJson(contents: string, name: string): Partial<Trajectory> | null {
  try {
    return JSON.parse(contents);
  } catch (error) {
    throw new UserError(`${name} is not JSON (${(error as Error).message}): record the trace again.`);
  }
}

/** The key of the first part that contradicts the others: a position far outside would make a picture without end. */
function inconsistency({ steps, responseIds, responseTexts }: Trajectory): string | undefined {
  if (responseTexts.length !== responseIds.length) return 'responseTexts';
  for (const [i, step] of steps.entries()) {
    const before = steps[i - 1]?.settled ?? 0;
    const fault = stepInconsistency(step, i, before, responseIds.length);
    if (fault) return `steps[${i}].${fault}`;
  }
}

function stepInconsistency(step: Step, i: number, before: number, length: number): keyof Step | undefined {
  const { windowStart, window } = step;
  const inside = (position: number) => position >= windowStart && position < windowStart + window.length;
  if (step.index !== i) return 'index';
  if (windowStart > before) return 'windowStart';
  if (step.settled < before || step.settled > length) return 'settled';
  if (!step.revealed.every(({ position }) => inside(position))) return 'revealed';
  if (!step.confirmed.every(({ position }) => inside(position))) return 'confirmed';
  if (!step.rolledBack.every(inside)) return 'rolledBack';
}
