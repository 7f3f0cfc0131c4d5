import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Step } from '../../server/protocol.ts';
import { engineLab, request } from '../support/engine-lab.ts';

const OPTIONS = { timeout: 60_000 };

test('the first request starts the process, loads the model and is answered', OPTIONS, async (t) => {
  const { host, states } = await engineLab(t);
  assert.equal(host.state.kind, 'off');
  const trajectory = await host.complete(request());
  assert.equal(trajectory?.text, 'xxxxxxxx');
  assert.equal(trajectory?.stop, 'length');
  assert.equal(trajectory?.model, 'fake');
  assert.deepEqual(
    states.map(({ kind }) => kind),
    ['loading', 'loading', 'ready', 'busy', 'ready'],
  );
  assert.equal(host.model?.model.weights, 'fake');
  assert.ok((host.memory ?? 0) > 1_000_000);
});

test('steps are streamed in order, one for every forward', OPTIONS, async (t) => {
  const { host } = await engineLab(t);
  const steps: Step[] = [];
  const trajectory = await host.complete(request(), { onStep: (step) => steps.push(step) });
  assert.deepEqual(steps, trajectory?.steps);
  assert.equal(steps.length, 8);
});

test('the prompt of the last request is still in the cache', OPTIONS, async (t) => {
  const { host } = await engineLab(t);
  await host.complete(request('some text'));
  const second = await host.complete(request('some text and'));
  assert.ok((second?.cachedTokens ?? 0) >= 'some text'.length);
});

test('a cancellation is seen before the next forward', OPTIONS, async (t) => {
  const lab = await engineLab(t);
  const gate = lab.gate();
  const abort = new AbortController();
  const seen: number[] = [];
  // Forward 1 is the prefill, and forward N + 1 makes step N: the gate holds the one after step 3.
  const answer = lab.host.complete(request(`!gate:5=${gate.file}`), {
    signal: abort.signal,
    onStep: ({ index }) => {
      seen.push(index);
      if (index === 2) abort.abort();
    },
  });
  assert.equal(await answer, null);
  gate.open();
  await lab.state('ready');
  await lab.host.unload();
  assert.equal(lab.forwards(), 5);
  assert.deepEqual(seen, [0, 1, 2]);
});

test('a request cancelled before it is made starts nothing', OPTIONS, async (t) => {
  const { host } = await engineLab(t);
  assert.equal(await host.complete(request(), { signal: AbortSignal.abort() }), null);
  assert.equal(host.state.kind, 'off');
});

test('of the requests that wait only the latest runs', OPTIONS, async (t) => {
  const lab = await engineLab(t);
  const gate = lab.gate();
  let held = () => {};
  const running = new Promise<void>((resolve) => {
    held = resolve;
  });
  const first = lab.host.complete(request(`!gate:3=${gate.file}`), { onStep: () => held() });
  await running;
  const others = Array.from({ length: 200 }, (_, i) => lab.host.complete(request(`request ${i}`)));
  gate.open();
  assert.equal((await first)?.text, 'xxxxxxxx');
  const answers = await Promise.all(others);
  assert.ok(answers.slice(0, -1).every((answer) => answer === null));
  assert.equal(answers.at(-1)?.text, 'xxxxxxxx');
  assert.equal(lab.host.state.kind, 'ready');
});

test('a request cancelled while it waits never runs', OPTIONS, async (t) => {
  const lab = await engineLab(t);
  const gate = lab.gate();
  let held = () => {};
  const running = new Promise<void>((resolve) => {
    held = resolve;
  });
  const first = lab.host.complete(request(`!gate:3=${gate.file}`), { onStep: () => held() });
  await running;
  const abort = new AbortController();
  const second = lab.host.complete(request('other'), { signal: abort.signal });
  abort.abort();
  assert.equal(await second, null);
  gate.open();
  await first;
  // What the process has printed is all there only once it has ended.
  await lab.host.unload();
  assert.equal(lab.forwards(), 9);
});

test('what a library prints does not disturb the answers', OPTIONS, async (t) => {
  const { host, log } = await engineLab(t);
  assert.equal((await host.complete(request('!chatter')))?.text, 'xxxxxxxx');
  await host.unload();
  assert.ok(log.includes('A library logs this.'));
});

test('a request that fails is answered with nothing, and the engine goes on', OPTIONS, async (t) => {
  const { host, log } = await engineLab(t);
  assert.equal(await host.complete(request('!fail')), null);
  assert.equal(host.state.kind, 'ready');
  assert.ok(log.some((line) => line.includes('the forward failed')));
  assert.equal((await host.complete(request()))?.text, 'xxxxxxxx');
});

test('settings that the model cannot follow are told in one sentence', OPTIONS, async (t) => {
  const { host } = await engineLab(t);
  assert.equal(await host.complete(request('a', { threshold: 7 })), null);
  assert.deepEqual(host.state, { kind: 'error', message: 'threshold must be a number from 0 to 1, not 7.' });
  assert.equal((await host.complete(request()))?.text, 'xxxxxxxx');
  assert.equal(host.state.kind, 'ready');
});
