import assert from 'node:assert/strict';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { HeldOut } from '../../../server/train/rl/evaluation.ts';
import type { StepRow } from '../../../server/train/rl/grpo-row.ts';
import { RL_PRESETS } from '../../../server/train/rl/presets/index.ts';
import type { Gate } from '../../../server/train/rl/rewards/gates.ts';
import { RunFolder } from '../../../server/train/run/run-folder.ts';
import { bytes, fakeSandbox, lab, train } from '../../support/grpo-lab.ts';

const { rewards, decode, optimizer } = RL_PRESETS.lightningrl;
const STEPS = 40;
/** Right is an answer of one byte: two tokens with the one that ends it, at best in one forward. */
const isRight = (answer: string) => [...answer].length === 1;
/** How much speed counts beside being right, which is worth 1 or −1. */
const SPEED_WEIGHT = 3;

interface Learned {
  steps: readonly StepRow[];
  /** Before the first step and after the last. */
  heldOut: readonly HeldOut[];
}

/** Trains on the toy with speed rewarded in the answers that the gate lets through. */
async function learn(t: TestContext, gate: Gate, stopTokens: readonly number[]): Promise<Learned> {
  const [right, speed] = rewards;
  const { dir, settings } = lab(t, {
    ...{ steps: STEPS, evaluateEvery: STEPS, checkpointEvery: STEPS, rank: 8, stopTokens, sureness: 3 },
    recipe: {
      promptsPerStep: 2,
      groupSize: 16,
      decode: { ...decode, maxTokens: 8, threshold: 0.5, topK: 8 },
      rewards: [right, { ...speed, gate, weight: SPEED_WEIGHT }],
      optimizer: { ...optimizer, learningRate: 0.006, schedule: 'cosine', warmupSteps: 0 },
    },
  });
  const run = await RunFolder.create(path.join(dir, 'run'), settings);
  const { steps, rows } = await train(run, settings, { sandbox: fakeSandbox(isRight) });
  return { steps, heldOut: rows.flatMap((row) => ('heldOut' in row ? [row.heldOut] : [])) };
}

/** Means over steps. */
function over(steps: readonly StepRow[]): { right: number; tpf: number } {
  const mean = (of: (row: StepRow) => number) => steps.reduce((sum, row) => sum + of(row), 0) / steps.length;
  return { right: mean(({ correct }) => correct), tpf: mean(({ tpf }) => tpf) };
}

const first = ({ steps }: Learned) => over(steps.slice(0, 3));
const last = ({ steps }: Learned) => over(steps.slice(-5));

/** Seeds 0 to 2, first to last steps: right 0.58–0.65 to 0.96–1.00, TPF 0.75–0.89 to 1.71–1.88. */
test('answers get right, and fast, where speed is rewarded in right answers', async (t) => {
  const run = await learn(t, 'times-correct', bytes(192, 256));
  const [before, after] = [first(run), last(run)];
  assert.ok(after.right > 0.85 && after.right > before.right + 0.15, `${before.right} → ${after.right}`);
  assert.ok(after.tpf > 1.4 && after.tpf > 1.4 * before.tpf, `TPF ${before.tpf} → ${after.tpf}`);
  const [untrained, trained] = run.heldOut;
  assert.ok(trained.solved >= 5 && trained.tpf > 1.4 * untrained.tpf, JSON.stringify(run.heldOut));
});

/**
 * With half as many ends an untrained response is mostly long, and wrong. Seeds 0 to 3, last steps: right 0.00–0.01 and
 * TPF 3.02–3.11 without the gate, right 0.44–0.96 with it.
 */
test('wrong answers get fast where their speed is rewarded too, and right ones where it is not', async (t) => {
  const ends = bytes(128, 160);
  const hacked = await learn(t, 'always', ends);
  const [before, after] = [first(hacked), last(hacked)];
  assert.ok(after.right < 0.1, `right ${after.right}`);
  assert.ok(after.tpf > 2 && after.tpf > 1.6 * before.tpf, `TPF ${before.tpf} → ${after.tpf}`);
  assert.equal(hacked.heldOut[1].solved, 0);
  const gated = await learn(t, 'times-correct', ends);
  assert.ok(last(gated).right > 0.2, `right ${last(gated).right}`);
});
