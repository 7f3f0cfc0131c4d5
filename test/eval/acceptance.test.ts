import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode } from '../../server/decode/decode.ts';
import { addChecks, type Checks, proposalChecks } from '../../server/eval/acceptance.ts';
import type { DecodeMode } from '../../server/protocol.ts';
import { LETTERS, tinyDenoiser, tinySpec } from '../support/tiny-model.ts';

test('a proposal stands where autoregressive decoding has the same token', async () => {
  const all: Checks[][] = [];
  for (let seed = 1; seed <= 60; seed++) {
    const denoiser = tinyDenoiser(tinySpec({ vocabSize: 6 }), seed, seed % 2 ? 3 : 0);
    const run = (mode: DecodeMode) =>
      decode(
        denoiser,
        LETTERS,
        denoiser.newCache(),
        [1, 2],
        { mode, threshold: 0, window: 5, windowChance: seed % 3 ? 0.35 : 0, maxTokens: 12 },
        { cancelled: () => false, candidates: 0 },
      );
    const { responseIds } = await run('ar');
    const { steps } = await run('verified');
    const expected: Checks[] = [];
    for (const { revealed } of steps.slice(0, -1)) {
      for (const [i, { position, id }] of revealed.filter(({ source }) => source === 'noisy').entries()) {
        expected[i] ??= { checked: 0, agreed: 0 };
        expected[i].checked++;
        if (responseIds[position] !== id) break;
        expected[i].agreed++;
      }
    }
    const checks = proposalChecks(steps);
    assert.deepEqual(checks, expected, `seed ${seed}`);
    all.push(checks);
  }
  const total = addChecks(all);
  assert.equal(total.length, 4);
  assert.ok(total.every(({ checked, agreed }) => agreed > 0 && agreed < checked));
  assert.equal(
    total[1].checked,
    all.reduce((sum, checks) => sum + (checks[1]?.checked ?? 0), 0),
  );
});
