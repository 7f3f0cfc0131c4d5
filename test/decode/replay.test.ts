import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type NaiveRows, naiveForward } from '../../kernels/naive-forward.ts';
import { decode } from '../../server/decode/decode.ts';
import type { DenoiserSpec } from '../../server/models/spec.ts';
import type { DecodeMode, DecodeSettings, Reveal, Step, Trajectory } from '../../server/protocol.ts';
import { LETTERS, testRandom, tinyDenoiser, tinySpec, tinyWeights } from '../support/tiny-model.ts';

/*
 * The trajectory document alone gives back every forward. Its rows are: clean rows of the tokens before
 * `windowStart`, which are the prompt and revealed tokens, then the window. With shift 1 the window's last position
 * has no row, and its tokens before the first masked one are clean rows too.
 */

type Recorded = Pick<Trajectory, 'promptIds' | 'steps' | 'settings'>;

/** Tokens at the positions before a step's window, as earlier steps left them. */
function tokensBefore({ promptIds, steps }: Recorded, step: Step): number[] {
  const response: number[] = [];
  for (const { revealed } of steps.slice(0, step.index))
    for (const { position, id } of revealed) response[position] = id;
  return [...promptIds, ...response].slice(0, promptIds.length + step.windowStart);
}

/** Behind a roll-back proposals come from a window of masks right after the tokens that stand. */
function proposingWindow(
  { settings }: Recorded,
  { windowStart, window, revealed, rolledBack }: Step,
): Step['window'] {
  // What prompt lookup filled stands behind the window that has rows.
  const lookedUp = revealed.filter(({ source }) => source === 'lookup').length;
  if (rolledBack.length === 0) return window.slice(0, window.length - lookedUp);
  const [first] = rolledBack;
  const masks = Math.min(settings.window, settings.maxTokens - first);
  return [...window.slice(0, first - windowStart), ...Array<null>(masks).fill(null)];
}

function rebuildRows(spec: DenoiserSpec, recorded: Recorded, step: Step): NaiveRows {
  const past = tokensBefore(recorded, step);
  const window = proposingWindow(recorded, step);
  const fed = spec.logitShift === 1 ? window.slice(0, -1) : window;
  const masked = window.indexOf(null);
  const causal = spec.cleanAttention === 'causal';
  const noisyFrom = causal ? (masked < 0 ? Infinity : past.length + masked) : past.length;
  const ids = [...past, ...fed.map((id) => id ?? spec.maskTokenId!)];
  const blockOf = (position: number) => (causal ? position : Math.floor(position / spec.blockSize));
  return {
    ids,
    positions: [...ids.keys()],
    visible: (row, column) => row >= noisyFrom || blockOf(column) <= blockOf(row),
  };
}

/** Log-probability of a revealed token under the row that predicts its position. */
function replay(
  spec: DenoiserSpec,
  logits: Float64Array,
  row: number,
  { id }: Reveal,
  { temperature, topK }: DecodeSettings,
): number {
  const all = Float32Array.from(logits.subarray(row * spec.vocabSize, (row + 1) * spec.vocabSize));
  const allowed = [...all.keys()].filter((other) => !spec.suppressedTokenIds.includes(other));
  const counted = allowed.sort((a, b) => all[b] - all[a]).slice(0, temperature > 0 ? topK : spec.vocabSize);
  const scaled = (other: number) => all[other] / (temperature || 1);
  const logTotal = Math.log(counted.reduce((sum, other) => sum + Math.exp(scaled(other)), 0));
  // A denoiser returns the log-sum-exp of all logits in fp32; that of the sampled ones is the decoder's own.
  return scaled(id) - (temperature > 0 ? logTotal : Math.fround(logTotal));
}

const BLOCK: Partial<DenoiserSpec> = { cleanAttention: 'block', logitShift: 0, blockSize: 4 };
const CASES: [DecodeMode, Partial<DenoiserSpec>][] = [
  ['ar', {}],
  ['threshold', {}],
  ['verified', {}],
  ['threshold', BLOCK],
];

for (const [mode, overrides] of CASES) {
  test(`a trajectory replays to its log-probs: ${mode} on ${overrides.cleanAttention ?? 'causal'} attention`, async () => {
    let replayed = 0;
    let behindRollbacks = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const random = testRandom(seed);
      const spec = tinySpec(overrides);
      const denoiser = tinyDenoiser(spec, seed);
      const prompt = Array.from({ length: 1 + Math.floor(random() * 7) }, () => Math.floor(random() * 8));
      const settings = {
        mode,
        threshold: random() * 0.6,
        maxTokens: 12,
        temperature: seed % 2 ? 0 : 0.8,
        topK: 5,
        seed,
        ...(mode === 'verified' && { windowChance: random() }),
      };
      const hooks = { cancelled: () => false, candidates: 0 };
      const trajectory = await decode(denoiser, LETTERS, denoiser.newCache(), prompt, settings, hooks);
      const recorded = JSON.parse(JSON.stringify(trajectory)) as typeof trajectory;
      for (const step of recorded.steps) {
        const rows = rebuildRows(spec, recorded, step);
        const { logits } = naiveForward(spec, tinyWeights(spec, seed), rows);
        for (const reveal of step.revealed) {
          if (reveal.source === 'lookup') continue;
          const row = prompt.length + reveal.position - spec.logitShift;
          const expected = replay(spec, logits, row, reveal, recorded.settings);
          assert.ok(Math.abs(reveal.logProb - expected) < 1e-9);
          replayed++;
          if (step.rolledBack.length > 0 && reveal.source === 'noisy') behindRollbacks++;
        }
      }
    }
    assert.ok(replayed > 150);
    if (mode === 'verified')
      assert.ok(behindRollbacks > 20, `${behindRollbacks} proposals behind a roll-back`);
  });
}
