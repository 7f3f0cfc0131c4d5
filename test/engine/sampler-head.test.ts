import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { naiveSamplerHead } from '../../server/decode/naive-sampler-head.ts';
import { loadOrt } from '../../server/engine/ort.ts';
import { OrtSamplerHead } from '../../server/engine/ort-sampler-head.ts';
import { openModel } from '../../server/models/registry.ts';
import { readSafetensors } from '../support/read-safetensors.ts';
import { testRandom } from '../support/tiny-model.ts';

const EMBEDDED = path.join(import.meta.dirname, '..', '..', 'models', 'unmask-135m');

test('the sampler head in a session chains as the naive one does, greedy and with noise', async () => {
  const folder = await openModel(EMBEDDED);
  const { spec } = folder;
  const head = await OrtSamplerHead.open(await loadOrt(), folder);
  assert.ok(head && spec.samplerHead);
  const stored = readSafetensors(path.join(EMBEDDED, spec.samplerHead.file));
  const embedding = await folder.readTensor('model.embed_tokens.weight');
  const output = spec.tiedHead ? embedding : await folder.readTensor('lm_head.weight');
  const row = (matrix: Float32Array) => (id: number) =>
    matrix.subarray(id * spec.hiddenSize, (id + 1) * spec.hiddenSize);
  const naive = naiveSamplerHead(
    {
      w1: stored.get('w1.weight')!,
      b1: stored.get('w1.bias')!,
      w2: stored.get('w2.weight')!,
      b2: stored.get('w2.bias')!,
      embeddingScale: spec.samplerHead.embeddingScale,
      embeddingRow: row(embedding),
      outputRow: row(output),
    },
    head.candidates,
  );

  let agreeing = 0;
  let compared = 0;
  const random = testRandom(11);
  for (const rows of [1, 3, spec.blockSize - 1]) {
    for (const temperature of [undefined, 0.7]) {
      const perRow = head.candidates;
      const input = {
        hidden: Float32Array.from({ length: rows * spec.hiddenSize }, () => 4 * (random() - 0.5)),
        candidates: Int32Array.from({ length: rows * perRow }, () => Math.floor(random() * spec.vocabSize)),
        previous: 260,
        temperature,
        noise:
          temperature && Float32Array.from({ length: rows * perRow }, () => -Math.log(-Math.log(random()))),
      };
      const expected = await naive.chain(input as Parameters<typeof naive.chain>[0]);
      const actual = await head.chain(input as Parameters<typeof naive.chain>[0]);
      // The session rounds two matrices to int8. Scores are compared up to that, row by row while the chains agree.
      for (let row = 0; row < rows; row++) {
        const of = (scores: Float32Array) => scores.subarray(row * perRow, (row + 1) * perRow);
        const spread = Math.max(...of(expected.scores)) - Math.min(...of(expected.scores));
        of(actual.scores).forEach((score, i) => {
          const difference = Math.abs(score - of(expected.scores)[i]);
          assert.ok(difference < 0.02 * spread, `row ${row}: ${score} is not ${of(expected.scores)[i]}`);
        });
        if (actual.chosen[row] !== expected.chosen[row]) break;
        agreeing++;
      }
      compared += rows;
    }
  }
  assert.ok(agreeing >= 0.9 * compared, `${agreeing} of ${compared} rows chose the same token`);
  await head.release();
});
