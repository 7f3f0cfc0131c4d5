import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import type { Io } from '../../server/commands/command.ts';
import { modelVerify } from '../../server/commands/model-verify.ts';
import { UserError } from '../../server/errors.ts';
import { copyOfFixture, FIXTURES, writeFloats } from '../support/model-files.ts';
import { readSafetensors } from '../support/read-safetensors.ts';

async function verify(dir: string, golden: string, grad: boolean): Promise<Record<string, number>> {
  let value: unknown;
  const io: Io = {
    json: true,
    signal: new AbortController().signal,
    result: (_text, result) => {
      value = result;
    },
    note: () => {},
  };
  await modelVerify.run([dir, golden], { grad }, io);
  return value as Record<string, number>;
}

for (const name of ['llama-tied-window', 'qwen2-full-bias', 'qwen3-sdar-block4', 'qwen3-sdar-train-layout']) {
  test(`gradients of all weights and adapters equal the golden ones: ${name}`, async () => {
    const dir = path.join(FIXTURES, name);
    const agreement = await verify(dir, path.join(dir, 'golden.safetensors'), true);
    assert.ok(agreement.maxRelGrad <= 1e-4, `${agreement.maxRelGrad} in ${agreement.worstParameter}`);
    assert.ok(agreement.relLoss <= 1e-5, `${agreement.relLoss}`);
    assert.ok(agreement.maxAbsLogit < 1e-4);
  });
}

test('a wrong gradient shows, and a golden file without gradients is refused with --grad', async (t) => {
  const dir = copyOfFixture(t, 'qwen3-sdar-block4');
  const golden = readSafetensors(path.join(dir, 'golden.safetensors'));
  const write = (change: (name: string, values: Float64Array) => Float64Array | undefined) => {
    const tensors: Parameters<typeof writeFloats>[1] = {};
    for (const [name, values] of golden) {
      const changed = change(name, values);
      if (changed) tensors[name] = { dims: [changed.length], values: changed };
    }
    writeFloats(path.join(dir, 'golden.safetensors'), tensors);
    return path.join(dir, 'golden.safetensors');
  };
  const wrong = write((name, values) =>
    name.includes('grad.model.layers.1.mlp.up_proj') ? values.with(5, values[5] + 10) : values,
  );
  assert.ok((await verify(dir, wrong, true)).maxRelGrad > 0.1);
  const without = write((name, values) => (name.startsWith('grad.') ? undefined : values));
  await assert.rejects(verify(dir, without, true), UserError);
  assert.equal((await verify(dir, without, false)).maxRelGrad, undefined);
});
