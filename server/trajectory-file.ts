import type { Step, Trajectory } from './protocol.ts';
import {
  count,
  list,
  number,
  oneOf,
  optional,
  parseSaved,
  record,
  type SavedKind,
  share,
  text,
  whole,
  yesOrNo,
} from './saved-file.ts';

const CANDIDATES = optional(list(record({ id: count, text, probability: share })));

const REVEAL = record({
  position: count,
  id: count,
  text,
  confidence: share,
  logProb: number,
  source: oneOf('clean', 'noisy', 'lookup'),
  previous: optional(count),
  candidates: CANDIDATES,
});

const DECISION = record({
  eligible: list(count),
  chosen: list(count),
  probabilities: optional(list(share)),
  logProb: optional(number),
});

const STEP = record({
  index: count,
  kind: oneOf('denoise', 'commit'),
  windowStart: whole,
  window: list((value, key) => (value === null ? undefined : count(value, key))),
  revealed: list(REVEAL),
  decision: optional(DECISION),
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
    windowChance: optional(number),
    lookup: optional(number),
    beams: optional(count),
    stopAtDedent: optional(yesOrNo),
    policy: optional(oneOf('dynamic', 'static', 'sequential', 'entropy', 'factor', 'learned')),
    policyFile: optional(text),
    unmasking: optional(text),
    policyTemperature: optional(number),
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

const TRACE: SavedKind = {
  format: 'unmask-trajectory',
  noun: 'trace',
  shape: (value, key) => TRAJECTORY(value, key) ?? inconsistency(value as Trajectory),
  remedy: 'record the trace again',
};

/** Reads a saved trajectory and checks that it can be drawn; `name` stands for the file in the sentence of a UserError. */
export function parseTrajectory(contents: string, name: string): Trajectory {
  return parseSaved(contents, name, TRACE);
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
  if (step.decision && !step.decision.eligible.every(inside)) return 'decision';
  if (!step.confirmed.every(({ position }) => inside(position))) return 'confirmed';
  if (!step.rolledBack.every(inside)) return 'rolledBack';
}
