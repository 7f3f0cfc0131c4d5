import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { seededRandom } from '../../bench/infill/random.ts';
import { writeModelAsGguf } from '../../bench/llama-cpp/write-model.ts';
import { openGguf } from '../../server/models/gguf.ts';
import type { ModelFolder } from '../../server/models/model-folder.ts';
import type { DenoiserSpec } from '../../server/models/spec.ts';
import { halfBits, halfBitsToNumber } from '../../server/models/tensor-data.ts';
import { expectedWeights } from '../../server/models/weight-names.ts';

const TOKENIZER = path.join(import.meta.dirname, '..', '..', 'models', 'unmask-135m', 'tokenizer.json');

const SPEC: DenoiserSpec = {
  family: 'llama',
  layers: 2,
  hiddenSize: 64,
  intermediateSize: 96,
  heads: 4,
  kvHeads: 2,
  headDim: 16,
  vocabSize: 64,
  rmsEps: 1e-5,
  rope: { type: 'default', theta: 10000 },
  qkvBias: false,
  outputBias: false,
  qkNorm: false,
  tiedHead: false,
  maxPositions: 128,
  stopTokenIds: [0],
  suppressedTokenIds: [],
  blockSize: 4,
  logitShift: 1,
  cleanAttention: 'causal',
};

/** A model of random weights whose rows are whole blocks. */
function randomModel(): ModelFolder {
  const random = seededRandom(5);
  const values = new Map(
    [...expectedWeights(SPEC)].map(([name, { dims }]) => [
      name,
      Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => random() - 0.5),
    ]),
  );
  return {
    dir: '',
    name: 'random',
    spec: SPEC,
    weights: new Map(),
    quantization: 'none',
    parameters: 0,
    bytes: 0,
    weightsHash: '',
    tokenizerPath: TOKENIZER,
    readTensor: async (name) => values.get(name)!.slice(),
  };
}

test('float16 bits agree with their meaning for every finite half', () => {
  for (let bits = 0; bits < 65536; bits++) {
    if (((bits >> 10) & 31) !== 31) assert.equal(halfBits(halfBitsToNumber(bits)), bits);
  }
  assert.equal(halfBits(1 + 2 ** -11), 0x3c00, 'a tie goes to the even fraction');
  assert.equal(halfBits(1 + 3 * 2 ** -11), 0x3c02);
});

/** Largest error of a block over its largest magnitude: half a step of the format, and the rounding of its scale. */
const WORST = { F32: 0, Q8_0: 0.5 / 127 + 1e-3, Q4_0: 1 / 8 + 1e-3 };

for (const storage of ['F32', 'Q8_0', 'Q4_0'] as const) {
  test(`a model written as ${storage} is read back by the importer`, async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'unmask-gguf-'));
    try {
      const model = randomModel();
      const file = path.join(folder, 'model.gguf');
      await writeModelAsGguf(model, file, { projections: storage, embedding: storage });
      const source = await openGguf(file, model.spec);
      for (const [name, { dims, read }] of source) {
        const expected = await model.readTensor(name);
        const actual = await read();
        assert.deepEqual(dims, expectedWeights(SPEC).get(name)!.dims);
        const worst = dims.length === 1 ? 0 : WORST[storage];
        for (let block = 0; block < expected.length; block += 32) {
          const values = expected.subarray(block, block + 32);
          const largest = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
          values.forEach((value, i) => {
            assert.ok(Math.abs(value - actual[block + i]) <= worst * largest, `${name}[${block + i}]`);
          });
        }
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
