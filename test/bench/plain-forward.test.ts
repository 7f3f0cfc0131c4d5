import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { PLAIN } from '../../bench/forward/plain.ts';
import { PlainForward } from '../../bench/forward/plain-forward.ts';
import { perRow, perTensor } from '../../bench/forward/rounding.ts';
import { naiveForward } from '../../kernels/naive-forward.ts';
import { prefill } from '../../server/bench/forwards.ts';
import type { Rows } from '../../server/decode/rows.ts';
import { loadOrt } from '../../server/engine/ort.ts';
import { OrtDenoiser } from '../../server/engine/ort-denoiser.ts';
import { importModel } from '../../server/models/import.ts';
import { expectedWeights } from '../../server/models/weight-names.ts';
import { FIXTURES, temporaryFolder } from '../support/model-files.ts';

const PROMPT = [5, 16, 27, 38, 49, 60, 71];
const IDS = [82, 93, 104, 115];
/** Two clean rows and two noisy ones. */
const ROWS: Rows = {
  ids: IDS,
  positions: IDS.map((_, row) => PROMPT.length + row),
  visible: (row, column) => row >= 2 || column <= PROMPT.length + row,
};

test('the plain graphs compute the network up to the rounding of activations', async (t) => {
  const source = path.join(FIXTURES, 'llama-tied-window');
  const folder = await importModel(source, path.join(temporaryFolder(t), 'int8'), { quantize: 'int8' });
  const { spec } = folder;
  const ort = await loadOrt();
  const denoiser = await OrtDenoiser.open(ort, folder, 1);
  const cache = denoiser.newCache();
  await prefill(denoiser, cache, PROMPT);
  const expected = await naive();
  for (const round of [perRow, perTensor]) {
    const plain = await PlainForward.open(ort, folder, 1, round, cache);
    const hidden = (await plain.run(ROWS, 1))[PLAIN.hidden].data as Float32Array;
    await plain.release();
    IDS.forEach((_, row) => {
      const of = (values: ArrayLike<number>) =>
        Array.from({ length: spec.hiddenSize }, (_, i) => values[row * spec.hiddenSize + i]);
      const [actual, exact] = [of(hidden), of(expected)];
      const error = Math.hypot(...actual.map((value, i) => value - exact[i])) / Math.hypot(...exact);
      console.log(error);
      assert.ok(error < 0.1, `row ${row}: ${error}`);
    });
  }
  await denoiser.release();

  /** Hidden states of the rows behind the prompt, from weights as they are stored. */
  async function naive(): Promise<Float64Array> {
    const weights = new Map<string, Float32Array>();
    for (const [name] of expectedWeights(spec)) weights.set(name, await folder.readTensor(name));
    const { length } = PROMPT;
    const { hidden } = naiveForward(spec, (name) => weights.get(name)!, {
      ids: [...PROMPT, ...IDS],
      positions: [...PROMPT.keys(), ...ROWS.positions],
      visible: (row, column) => (row < length ? column <= row : ROWS.visible(row - length, column)),
    });
    return hidden.subarray(length * spec.hiddenSize);
  }
});
