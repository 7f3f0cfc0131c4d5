import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { naivePolicy } from '../../kernels/naive-unmasking-policy.ts';
import { type DecodedTrajectory, decode } from '../../server/decode/decode.ts';
import type { LearnedPolicy } from '../../server/decode/unmasking/learned-policy.ts';
import { policyInputs } from '../../server/decode/unmasking/policy-inputs.ts';
import { loadOrt } from '../../server/engine/ort.ts';
import { OrtPolicy } from '../../server/engine/ort-policy.ts';
import { Policies } from '../../server/engine/policies.ts';
import { UserError } from '../../server/errors.ts';
import type { ModelFolder } from '../../server/models/model-folder.ts';
import { POLICY_FILE, type StoredPolicy, writePolicy } from '../../server/models/policy-file.ts';
import { temporaryFolder } from '../support/model-files.ts';
import { LETTERS, tinyDenoiser, tinySpec } from '../support/tiny-model.ts';
import { tinyPolicy } from '../support/tiny-policy.ts';

const MODEL = { name: 'tiny', weightsHash: 'abc' };

/** The policy by its definition. */
function naive({ header, values }: StoredPolicy): LearnedPolicy {
  const weights = new Map([...values].map(([name, value]) => [name, Float64Array.from(value)]));
  return {
    ...header,
    window: header.shape.window,
    logits: async (view) => {
      const inputs = policyInputs(view, header.confidences);
      return naivePolicy(header.shape, (name) => weights.get(name)!, { ...view, inputs });
    },
  };
}

function essence({ ms: _, steps, ...rest }: DecodedTrajectory) {
  return {
    ...rest,
    steps: steps.map(({ milliseconds: _ms, decision, ...step }) => ({ ...step, chosen: decision?.chosen })),
  };
}

for (const hidden of [false, true]) {
  test(`on ONNX Runtime a policy decides as its definition does${hidden ? ', by hidden states too' : ''}`, async () => {
    const ort = await loadOrt();
    const stored = tinyPolicy(MODEL, 4, { hidden, ...(hidden && { shape: { inputs: 2 + 8 } }) });
    const policy = await OrtPolicy.open(ort, stored);
    const kinds = [
      [tinySpec(), { mode: 'threshold' }],
      [tinySpec(), { mode: 'verified' }],
      [tinySpec({ cleanAttention: 'full', logitShift: 0 }), {}],
    ] as const;
    for (const [spec, mode] of kinds) {
      for (let seed = 1; seed <= 8; seed++) {
        const denoiser = tinyDenoiser(spec, seed, 3);
        const run = (asked: LearnedPolicy) =>
          decode(
            denoiser,
            LETTERS,
            denoiser.newCache(),
            [1, 2],
            { ...mode, policy: 'learned', maxTokens: 12, seed },
            {
              cancelled: () => false,
              candidates: 0,
              policy: asked,
            },
          );
        const [actual, expected] = [await run(policy), await run(naive(stored))];
        assert.deepEqual(essence(actual), essence(expected));
        assert.equal(actual.settings.window, 4, 'the window is that of the policy');
        const probabilities = (trajectory: DecodedTrajectory) =>
          trajectory.steps.flatMap(({ decision }) => decision?.probabilities ?? []);
        probabilities(actual).forEach((probability, i) => {
          assert.ok(Math.abs(probability - probabilities(expected)[i]) < 1e-5);
        });
      }
    }
    await policy.release();
  });
}

test('the file in the model folder is taken where none is named, and is opened once', async (t) => {
  const dir = temporaryFolder(t);
  const policies = new Policies(await loadOrt(), { ...MODEL, dir } as ModelFolder, 1);
  await assert.rejects(policies.get(), /There is no policy .*policy\.safetensors: train one/);
  await writePolicy(path.join(dir, POLICY_FILE), tinyPolicy(MODEL, 1));
  const other = path.join(dir, 'other.safetensors');
  await writePolicy(other, tinyPolicy(MODEL, 2, { unmasking: 'dpls', temperature: 0.5 }));
  assert.equal(await policies.get(), await policies.get());
  const { unmasking, temperature, window } = await policies.get(other);
  assert.deepEqual({ unmasking, temperature, window }, { unmasking: 'dpls', temperature: 0.5, window: 4 });
  await policies.release();
});

test('a file that is no policy of the model is refused with one sentence', async (t) => {
  const dir = temporaryFolder(t);
  const file = path.join(dir, POLICY_FILE);
  const refused = async (message: RegExp) => {
    const policies = new Policies(await loadOrt(), { ...MODEL, dir } as ModelFolder, 1);
    await assert.rejects(
      policies.get(),
      (error) => error instanceof UserError && message.test(error.message),
    );
  };
  await writePolicy(file, tinyPolicy({ name: 'other', weightsHash: 'xyz' }, 1));
  await refused(/is a policy for other with the weights xyz, but tiny has abc: use a policy/);
  const { header, values } = tinyPolicy(MODEL, 1);
  await writePolicy(file, { header: { ...header, unmasking: 'best' as 'dpls' }, values });
  await refused(/has "unmasking" in its header as this Unmask cannot read it/);
  await writeFile(file, 'nonsense');
  await refused(/truncated/);
});
