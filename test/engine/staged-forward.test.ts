import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { HEAD, wholeLogits } from '../../kernels/head.ts';
import { promptRows, type Rows } from '../../server/decode/rows.ts';
import { loadOrt } from '../../server/engine/ort.ts';
import { OrtCache, OrtCacheMemory } from '../../server/engine/ort-cache.ts';
import { OrtForward } from '../../server/engine/ort-forward.ts';
import { StagedForward } from '../../server/engine/staged-forward.ts';
import { importModel } from '../../server/models/import.ts';
import type { ModelFolder, Quantization } from '../../server/models/model-folder.ts';
import { openModel } from '../../server/models/registry.ts';
import { FIXTURES, temporaryFolder } from '../support/model-files.ts';
import { TINY_FAMILIES, writeTinyFamily } from '../support/tiny-families.ts';

const ids = Array.from({ length: 21 }, (_, i) => (37 * i) % 256);

/** Logits of all tokens, [rows, vocabulary], by stages; the head is read in three parts. */
async function stagedLogits(folder: ModelFolder, texts: readonly Rows[]): Promise<Float32Array[]> {
  const { vocabSize } = folder.spec;
  const staged = new StagedForward(await loadOrt(), folder, 1);
  const hidden = await staged.hidden(texts);
  const rows = hidden.length / folder.spec.hiddenSize;
  const logits = new Float32Array(rows * vocabSize);
  const most = Math.ceil(vocabSize / 3);
  for (let start = 0; start < vocabSize; start += most) {
    const count = Math.min(most, vocabSize - start);
    const part = await staged.logits(hidden, { start, count });
    for (let row = 0; row < rows; row++) {
      logits.set(part.subarray(row * count, (row + 1) * count), row * vocabSize + start);
    }
  }
  let row = 0;
  return texts.map((text) => {
    row += text.ids.length;
    return logits.subarray((row - text.ids.length) * vocabSize, row * vocabSize);
  });
}

/** The same by one session over the whole network. */
async function wholeForward(folder: ModelFolder, texts: readonly Rows[]): Promise<Float32Array[]> {
  const ort = await loadOrt();
  const forward = await OrtForward.open(ort, folder, wholeLogits, 1);
  const logits: Float32Array[] = [];
  for (const rows of texts) {
    const cache = new OrtCache(new OrtCacheMemory(ort, folder.spec));
    const out = await forward.run([{ ...rows, cache, select: rows.ids.map((_, row) => row) }], {});
    logits.push(out[HEAD.logits].data as Float32Array);
  }
  await forward.release();
  return logits;
}

function largestDifference(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  return Math.max(...a.map((part, i) => Math.max(...part.map((value, at) => Math.abs(value - b[i][at])))));
}

for (const name of Object.keys(TINY_FAMILIES)) {
  test(`${name}: layer by layer the logits are those of the whole network`, async (t) => {
    const dir = path.join(temporaryFolder(t), name);
    writeTinyFamily(dir, name, 5);
    const folder = await openModel(dir);
    const texts = [promptRows(folder.spec, 0, ids), promptRows(folder.spec, 0, ids.slice(3, 8))];
    const [staged, whole] = [await stagedLogits(folder, texts), await wholeForward(folder, texts)];
    assert.deepEqual(
      staged.map(({ length }) => length),
      texts.map((text) => text.ids.length * folder.spec.vocabSize),
    );
    assert.ok(largestDifference(staged, whole) < 1e-5);
  });
}

for (const quantize of ['int8', 'int4'] satisfies Quantization[]) {
  test(`${quantize}: layer by layer the logits are bit by bit those of the whole network`, async (t) => {
    const dest = path.join(temporaryFolder(t), quantize);
    const folder = await importModel(path.join(FIXTURES, 'gguf-llama'), dest, { quantize });
    const { vocabSize } = folder.spec;
    const rows = ids.map((id) => id % vocabSize);
    const texts = [promptRows(folder.spec, 0, rows)];
    const staged = await stagedLogits(folder, texts);
    assert.ok(staged[0].some((logit) => logit !== 0));
    assert.equal(largestDifference(staged, await wholeForward(folder, texts)), 0);
  });
}
