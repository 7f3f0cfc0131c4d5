import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engineLab, request } from '../support/engine-lab.ts';

const OPTIONS = { timeout: 60_000 };
const QUICK = { firstDelay: 1, longestDelay: 1 };

test('a crash answers the request with nothing, and the engine comes back', OPTIONS, async (t) => {
  const { host, states, state, engines } = await engineLab(t, {}, QUICK);
  assert.equal(await host.complete(request('!crash')), null);
  await (await engines.next()).ended;
  await state('ready');
  assert.deepEqual(
    states.map(({ kind }) => kind),
    ['loading', 'loading', 'ready', 'busy', 'error', 'loading', 'loading', 'ready'],
  );
  assert.equal((await host.complete(request()))?.text, 'xxxxxxxx');
});

test('after several quick crashes it stays off until it is restarted', OPTIONS, async (t) => {
  const lab = await engineLab(t, {}, { ...QUICK, crashes: 2 });
  await lab.host.complete(request('!crash'));
  await lab.state('ready');
  await lab.host.complete(request('!crash'));
  const message = 'The engine was killed by SIGKILL, again; it stays off until it is restarted.';
  assert.deepEqual(lab.host.state, { kind: 'error', message });
  assert.equal(await lab.host.complete(request()), null);
  assert.deepEqual(lab.host.state, { kind: 'error', message });
  await lab.host.restart();
  assert.equal(lab.host.state.kind, 'ready');
  assert.equal((await lab.host.complete(request()))?.text, 'xxxxxxxx');
});

test('a forward that hangs is killed with its process', OPTIONS, async (t) => {
  const lab = await engineLab(t, {}, { ...QUICK, forward: 200 });
  assert.equal(await lab.host.complete(request('!hang')), null);
  await (await lab.engines.next()).ended;
  assert.ok(lab.log.includes('The engine did not answer for 0.2 s.'));
  await lab.state('ready');
});

test('a load that hangs is killed too', OPTIONS, async (t) => {
  const lab = await engineLab(t, { modelDir: 'stuck' }, { ...QUICK, load: 1000, crashes: 1 });
  assert.equal(await lab.host.complete(request()), null);
  const message = 'The engine did not answer for 1 s, again; it stays off until it is restarted.';
  assert.deepEqual(lab.host.state, { kind: 'error', message });
});

test('output that is no message ends the process', OPTIONS, async (t) => {
  const lab = await engineLab(t, {}, { ...QUICK, crashes: 1 });
  assert.equal(await lab.host.complete(request('!garbage')), null);
  await (await lab.engines.next()).ended;
  assert.match(lab.log.join('\n'), /wrote something that is no message/);
});

test('a model folder at fault is told in one sentence and not tried again', OPTIONS, async (t) => {
  const lab = await engineLab(t, { modelDir: 'missing' });
  assert.equal(await lab.host.complete(request()), null);
  const message = 'There is no model folder missing: choose another in the settings.';
  assert.deepEqual(lab.host.state, { kind: 'error', message });
  await (await lab.engines.next()).ended;
  assert.equal(await lab.host.complete(request()), null);
  lab.host.configure({ modelDir: 'fake', device: 'cpu', threads: 1, unloadAfterMinutes: 0 });
  assert.equal((await lab.host.complete(request()))?.text, 'xxxxxxxx');
});

for (const modelDir of ['dying', 'broken']) {
  test(
    `a process that fails while it loads is tried again, then given up (${modelDir})`,
    OPTIONS,
    async (t) => {
      const lab = await engineLab(t, { modelDir }, { ...QUICK, crashes: 2 });
      assert.equal(await lab.host.complete(request()), null);
      await lab.engines.next();
      await (await lab.engines.next()).ended;
      await lab.state('error');
      assert.equal(await lab.host.complete(request()), null);
    },
  );
}

test('unloading ends the process, and the next request starts another', OPTIONS, async (t) => {
  const { host, engines } = await engineLab(t);
  await host.complete(request());
  const first = await engines.next();
  await host.unload();
  await first.ended;
  assert.equal(host.state.kind, 'off');
  assert.equal(host.memory, undefined);
  assert.equal((await host.complete(request()))?.text, 'xxxxxxxx');
  await engines.next();
});

test('an idle engine is unloaded', OPTIONS, async (t) => {
  const { host, engines, state } = await engineLab(t, { unloadAfterMinutes: 0.0005 });
  await host.complete(request());
  await state('off');
  await (await engines.next()).ended;
});

test('other options end the process, the same ones do not', OPTIONS, async (t) => {
  const { host, engines } = await engineLab(t);
  await host.complete(request());
  host.configure({ modelDir: 'fake', device: 'cpu', threads: 1, unloadAfterMinutes: 7 });
  assert.equal(host.state.kind, 'ready');
  host.configure({ modelDir: 'other', device: 'cpu', threads: 1, unloadAfterMinutes: 7 });
  await (await engines.next()).ended;
  assert.equal((await host.complete(request()))?.model, 'other');
});

test('restarting loads at once', OPTIONS, async (t) => {
  const { host, engines } = await engineLab(t);
  await host.complete(request());
  await host.restart();
  await (await engines.next()).ended;
  assert.equal(host.state.kind, 'ready');
});

test('disposing ends a process that hangs and answers its request', OPTIONS, async (t) => {
  const { host, engines } = await engineLab(t);
  const answer = host.complete(request('!hang'));
  const engine = await engines.next();
  await host.dispose();
  assert.equal(await answer, null);
  await engine.ended;
  assert.equal(await host.complete(request()), null);
  assert.equal(host.state.kind, 'off');
});
