import assert from 'node:assert/strict';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { partPrefix } from '../../server/engine/beginning.ts';
import type { EngineRequest } from '../../server/engine/engine.ts';
import { EngineHost } from '../../server/engine/host.ts';
import { defaultModelDir } from '../../server/models/installed.ts';
import type { Step } from '../../server/protocol.ts';

const OPTIONS = { timeout: 120_000 };
const ENGINE = path.join(import.meta.dirname, '../../server/engine/main.ts');

function startHost(t: TestContext, modelDir: string, ...flags: string[]): EngineHost {
  const host = new EngineHost({
    command: { args: ['--import', 'tsx', ...flags, ENGINE] },
    settings: { modelDir, device: 'auto', threads: 0, unloadAfterMinutes: 0 },
    log: (line) => t.diagnostic(line),
  });
  t.after(() => host.dispose());
  return host;
}

function request(prefix: string): EngineRequest {
  return {
    prompt: { ...partPrefix(prefix), suffix: '\n\nprint(add(1, 2))\n', fim: true, budget: 0 },
    settings: { stopStrings: ['\n'], maxTokens: 32 },
    candidates: 3,
  };
}

test('the embedded model completes, and typing on computes only what is new', OPTIONS, async (t) => {
  const host = startHost(t, defaultModelDir());
  const steps: Step[] = [];
  const prefix = 'def add(a, b):\n    """Return the sum of a and b."""\n    ';
  const first = await host.complete(request(prefix), { onStep: (step) => steps.push(step) });
  assert.match(first?.text ?? '', /^return .*a \+ b/);
  assert.equal(first?.cachedTokens, 0);
  assert.deepEqual(steps, first?.steps);
  assert.ok(steps.some(({ revealed }) => revealed[0]?.candidates?.length === 3));

  const second = await host.complete(request(`${prefix}return `));
  assert.match(second?.text ?? '', /a \+ b/);
  assert.ok(second && second.promptIds.length - second.cachedTokens <= 3);
  assert.equal(second.weights, host.model?.model.weights);
  assert.ok((host.memory ?? 0) > 100e6);

  await host.unload();
  assert.equal((await host.complete(request(prefix)))?.text, first?.text);
});

test('the embedded model goes on with a half-typed word', OPTIONS, async (t) => {
  const host = startHost(t, defaultModelDir());
  const start = 'def add(a, b):\n    ';
  await host.complete(request(start));
  for (const word of ['r', 're', 'retu']) {
    const typed = await host.complete(request(`${start}${word}`));
    assert.equal(typed?.text, 'return a + b');
    assert.equal(typed?.prompt?.beginning, word);
    // Nothing of the prompt is computed again while a word is typed.
    assert.equal(typed?.cachedTokens, typed!.promptIds.length - 1);
  }
});

test('a cancelled completion leaves a cache that the next one can use', OPTIONS, async (t) => {
  const host = startHost(t, defaultModelDir());
  const fresh = await host.complete(request('def add(a, b):\n    '));
  const abort = new AbortController();
  const cancelled = host.complete(request('def subtract(a, b):\n    '), {
    signal: abort.signal,
    onStep: () => abort.abort(),
  });
  assert.equal(await cancelled, null);
  const again = await host.complete(request('def add(a, b):\n    '));
  assert.deepEqual(again?.responseIds, fresh?.responseIds);
});

test('a native library that does not load is one sentence, and the host lives', OPTIONS, async (t) => {
  const preload = path.join(import.meta.dirname, '../support/no-onnxruntime.mjs');
  const host = startHost(t, defaultModelDir(), '--import', preload);
  assert.equal(await host.complete(request('a')), null);
  assert.equal(host.state.kind, 'error');
  assert.match(
    host.state.message,
    /^ONNX Runtime does not load on \S+ \(.*cannot open shared object.*\).*\.$/,
  );
});

test('an unknown model folder is one sentence', OPTIONS, async (t) => {
  const host = startHost(t, '/nowhere');
  assert.equal(await host.complete(request('a')), null);
  assert.deepEqual(host.state, {
    kind: 'error',
    message: '/nowhere is not a model folder: there is no such folder.',
  });
});
