import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { decode } from '../../server/decode/decode.ts';
import type { Denoiser, ForwardRequest } from '../../server/decode/denoiser.ts';
import { naiveDenoiser } from '../../server/decode/naive-denoiser.ts';
import { loadOrt, type Ort } from '../../server/engine/ort.ts';
import { OrtDenoiser } from '../../server/engine/ort-denoiser.ts';
import { openModel } from '../../server/models/registry.ts';
import type { DenoiserSpec } from '../../server/models/spec.ts';
import type { DecodeSettings } from '../../server/protocol.ts';
import { FIXTURES, temporaryFolder } from '../support/model-files.ts';
import { readSafetensors } from '../support/read-safetensors.ts';
import { TINY_FAMILIES, writeTinyFamily } from '../support/tiny-families.ts';
import { LETTERS, testRandom } from '../support/tiny-model.ts';

const ort = await loadOrt();
const folder = await openModel(path.join(FIXTURES, 'llama-tied-window'));
const weights = readSafetensors(path.join(folder.dir, 'model.safetensors'));
const BLOCKS: Partial<DenoiserSpec> = { cleanAttention: 'block', blockSize: 4, logitShift: 0 };
const KINDS: Record<string, Partial<DenoiserSpec>> = {
  blocks: BLOCKS,
  'sub-blocks with logit shift': { cleanAttention: 'block', blockSize: 6, subBlockSize: 3, logitShift: 1 },
  'full attention': { cleanAttention: 'full', blockSize: 6, logitShift: 0 },
  'full attention with logit shift': { cleanAttention: 'full', blockSize: 5, logitShift: 1 },
};

/** A denoiser that takes several steps a call on a runtime that counts its calls, and others of the same model. */
async function lab(kind: Partial<DenoiserSpec>) {
  const spec = { ...folder.spec, maskTokenId: 7, suppressedTokenIds: [7], stopTokenIds: [3], ...kind };
  const counted = { calls: 0 };
  const several = await OrtDenoiser.open(counting(counted), { ...folder, spec }, 1, { loop: true });
  const single: Denoiser = {
    spec,
    newCache: () => several.newCache(),
    forward: (request) => several.forward({ ...request, ahead: undefined }),
  };
  const naive = naiveDenoiser(spec, (name) => weights.get(name)!);
  const plain = await OrtDenoiser.open(ort, { ...folder, spec }, 1);
  const release = () => Promise.all([several.release(), plain.release()]);
  return { spec, counted, several, single, naive, plain, release };
}

function counting(counted: { calls: number }): Ort {
  type Create = Ort['InferenceSession']['create'];
  const create = async (...args: Parameters<Create>) => {
    const session = await ort.InferenceSession.create(...args);
    const run = (feeds: Parameters<typeof session.run>[0]) => {
      counted.calls++;
      return session.run(feeds);
    };
    return { run, release: () => session.release() };
  };
  return { Tensor: ort.Tensor, InferenceSession: { create } } as unknown as Ort;
}

/** A trajectory without times. */
async function run(denoiser: Denoiser, prompt: number[], settings: Partial<DecodeSettings>) {
  const hooks = { cancelled: () => false, candidates: 3 };
  const trajectory = await decode(denoiser, LETTERS, denoiser.newCache(), prompt, settings, hooks);
  const { ms: _ms, ...rest } = trajectory;
  return { ...rest, steps: rest.steps.map(({ milliseconds: _milliseconds, ...step }) => step) };
}

/** Equal, but for the last bits of fractions: a product of fp32 may depend on the number of its rows. */
function assertClose(actual: object, expected: object, label: string): void {
  const [a, e] = [actual, expected].map((value) => {
    const fractions: number[] = [];
    const rest = JSON.stringify(value, (_key, part) => {
      if (typeof part !== 'number' || Number.isInteger(part)) return part;
      fractions.push(part);
      return 'fraction';
    });
    return { fractions, rest };
  });
  assert.equal(a.rest, e.rest, label);
  for (const [i, fraction] of e.fractions.entries()) {
    assert.ok(Math.abs(a.fractions[i] - fraction) < 1e-5, `${label}: ${a.fractions[i]} for ${fraction}`);
  }
}

for (const [name, kind] of Object.entries(KINDS)) {
  test(`${name}: several steps a call make the trajectories of single ones`, async () => {
    const { spec, counted, several, single, naive, plain, release } = await lab(kind);
    let calls = 0;
    let forwards = 0;
    for (let seed = 1; seed <= 24; seed++) {
      const random = testRandom(seed);
      const below = (end: number) => Math.floor(random() * end);
      const prompt = Array.from({ length: 1 + below(8) }, () => below(spec.vocabSize));
      const settings = { threshold: random() * 0.1, maxTokens: 1 + below(16) };
      counted.calls = 0;
      const actual = await run(several, prompt, settings);
      calls += counted.calls;
      forwards += actual.forwards.prefill + actual.forwards.total;
      for (const denoiser of [single, plain, naive]) {
        assertClose(actual, await run(denoiser, prompt, settings), `seed ${seed}`);
      }
    }
    assert.ok(calls < 0.8 * forwards, `${calls} calls for ${forwards} forwards`);
    await release();
  });
}

for (const name of Object.keys(TINY_FAMILIES)) {
  test(`${name}: several steps a call make the trajectories of single ones`, async (t) => {
    const dir = path.join(temporaryFolder(t), name);
    writeTinyFamily(dir, name, 5);
    const family = await openModel(dir);
    const several = await OrtDenoiser.open(ort, family, 1, { loop: true });
    const plain = await OrtDenoiser.open(ort, family, 1);
    for (const threshold of [0.05, 0.3, 0.9]) {
      const settings = { threshold, maxTokens: 12 };
      const actual = await run(several, [...Buffer.from('def f')], settings);
      assertClose(actual, await run(plain, [...Buffer.from('def f')], settings), `threshold ${threshold}`);
    }
    await Promise.all([several.release(), plain.release()]);
  });
}

test('other rules, samples and approximate caches take one step a call', async () => {
  const { spec, counted, several, plain, release } = await lab(KINDS['full attention']);
  const others: Partial<DecodeSettings>[] = [
    { policy: 'static' },
    { policy: 'entropy' },
    { steps: 2 },
    { temperature: 1 },
    { cache: 'prefix', window: 4 },
  ];
  for (const other of others) {
    counted.calls = 0;
    const settings = { threshold: 0.05, maxTokens: 8, ...other };
    const prompt = [1, 2, 5].map((id) => id % spec.vocabSize);
    const { responseIds, forwards } = await run(several, prompt, settings);
    assert.equal(counted.calls, forwards.total, JSON.stringify(other));
    assert.deepEqual(responseIds, (await run(plain, prompt, settings)).responseIds);
  }
  await release();
});

test('a block of four masks and its commit are two calls at most, and a cancelled one ends between them', async () => {
  const { counted, several, single, release } = await lab({ ...BLOCKS, stopTokenIds: [] });
  const settings = { threshold: 1, maxTokens: 8 };
  counted.calls = 0;
  const { forwards } = await run(several, [1, 2, 3, 4], settings);
  // Of the first block four steps, then its commit; of the second, which ends the response, four steps.
  assert.deepEqual(forwards, { prefill: 1, denoise: 8, total: 9 });
  assert.equal(counted.calls, 4);
  for (const denoiser of [several, single]) {
    let looked = 0;
    const hooks = { cancelled: () => ++looked > 4, candidates: 0 };
    const { stop, steps } = await decode(
      denoiser,
      LETTERS,
      denoiser.newCache(),
      [1, 2, 3, 4],
      settings,
      hooks,
    );
    assert.deepEqual([stop, steps.length], ['cancelled', 3]);
  }
  await release();
});

test('where a loop cannot be loaded, and with causal attention, the plain graph runs', async (t) => {
  const spec = { ...folder.spec, maskTokenId: 7, suppressedTokenIds: [7], stopTokenIds: [3], ...BLOCKS };
  const said = t.mock.method(process.stderr, 'write', () => true);
  type Create = Ort['InferenceSession']['create'];
  const create = async (...[graph, ...rest]: Parameters<Create>) => {
    if (Buffer.from(graph).includes('Loop')) throw new Error('Loop is not a registered op');
    return ort.InferenceSession.create(graph, ...rest);
  };
  const loopless = { Tensor: ort.Tensor, InferenceSession: { create } } as unknown as Ort;
  const options = { device: 'cpu', loop: true } as const;
  const denoiser = await OrtDenoiser.open(loopless, { ...folder, spec }, 1, options);
  const causal = { ...folder, spec: { ...spec, cleanAttention: 'causal' as const } };
  await (await OrtDenoiser.open(loopless, causal, 1, options)).release();
  const lines = said.mock.calls.map(({ arguments: [line] }) => line);
  said.mock.restore();
  assert.deepEqual(lines, ['The device cpu takes one step a call: Loop is not a registered op\n']);
  const plain = await OrtDenoiser.open(ort, { ...folder, spec }, 1);
  const settings = { threshold: 0.05, maxTokens: 8 };
  assert.deepEqual(await run(denoiser, [1, 2, 5], settings), await run(plain, [1, 2, 5], settings));
  await Promise.all([denoiser.release(), plain.release()]);
});

test('what is asked for in place of an expected forward is computed', async () => {
  const { spec, counted, several, plain, release } = await lab(BLOCKS);
  const mask = spec.maskTokenId;
  const first = (denoiser: Denoiser): ForwardRequest => ({
    cache: denoiser.newCache(),
    ids: [1, mask, mask, 2],
    positions: [0, 1, 2, 3],
    visible: () => true,
    select: [1, 2],
    topK: 2,
    ahead: { predicted: [1, 2], threshold: 1, clean: true },
  });
  /** The second forward of a block: what the first one made probable, but for `changes`. */
  const second = async (denoiser: Denoiser, changes: (made: ForwardRequest) => Partial<ForwardRequest>) => {
    const made = first(denoiser);
    const { topIds, topLogits, logSumExp, commit } = await denoiser.forward(made);
    const best = topLogits[0] - logSumExp[0] > topLogits[2] - logSumExp[1] ? 0 : 1;
    const ids = made.ids.map((id, row) => (row === 1 + best ? topIds[2 * best] : id));
    const expected = { ...made, ids, select: [2 - best], ahead: undefined };
    return { result: await denoiser.forward({ ...expected, ...changes(made) }), commit };
  };
  const changes: [calls: number, (made: ForwardRequest) => Partial<ForwardRequest>][] = [
    [1, () => ({})],
    [1, () => ({ select: [] })],
    [2, ({ ids }) => ({ ids })],
    [2, () => ({ positions: [1, 2, 3, 4] })],
    [2, () => ({ visible: (row, column) => column <= row })],
    [2, () => ({ topK: 1 })],
    [2, () => ({ hidden: true })],
    [2, () => ({ entropy: true })],
    [2, () => ({ cache: several.newCache() })],
  ];
  for (const [calls, change] of changes) {
    counted.calls = 0;
    const { result, commit } = await second(several, change);
    assert.equal(counted.calls, calls, change.toString());
    const { result: expected } = await second(plain, change);
    assert.deepEqual(result.topIds, expected.topIds, change.toString());
    for (const [i, logit] of expected.topLogits.entries())
      assert.ok(Math.abs(result.topLogits[i] - logit) < 1e-5, change.toString());
    if (!change({ ...first(several) }).cache) assert.throws(() => commit(1), /has changed/);
  }
  await release();
});
