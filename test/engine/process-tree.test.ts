import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { FAKE_ENGINE, watchEngines } from '../support/engine-lab.ts';

const OPTIONS = { timeout: 60_000 };
const HOST = path.join(import.meta.dirname, '../support/fake-host.ts');

function start(t: TestContext, args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

function startHost(t: TestContext, ...args: string[]): ChildProcess {
  return start(t, ['--import', 'tsx', HOST, ...args]);
}

/** Resolves when the process prints a line that begins so. */
async function printed(child: ChildProcess, beginning: string): Promise<void> {
  if (!child.stdout) return;
  for await (const line of createInterface({ input: child.stdout })) if (line.startsWith(beginning)) return;
  assert.fail(`the process ended without printing ${beginning}`);
}

test('kill -9 of the host ends an engine whose forward hangs', OPTIONS, async (t) => {
  const engines = await watchEngines(t);
  const host = startHost(t, '!hang');
  const engine = await engines.next();
  await printed(host, 'forward 1');
  host.kill('SIGKILL');
  await engine.ended;
});

test('kill -9 of the host ends an idle engine', OPTIONS, async (t) => {
  const engines = await watchEngines(t);
  const host = startHost(t, 'a');
  const engine = await engines.next();
  await printed(host, 'forward 9');
  host.kill('SIGKILL');
  await engine.ended;
});

test('nothing keeps a disposed host alive', OPTIONS, async (t) => {
  await watchEngines(t);
  const host = startHost(t, 'a', 'dispose');
  const [code] = await once(host, 'exit');
  assert.equal(code, 0);
});

test('input that is no frame ends the engine with a sentence', OPTIONS, async (t) => {
  await watchEngines(t);
  const engine = start(t, FAKE_ENGINE);
  let errors = '';
  engine.stderr?.on('data', (text) => {
    errors += text;
  });
  engine.stdin?.on('error', () => {}).write('GET / HTTP/1.1\r\n\r\n');
  const [code] = await once(engine, 'close');
  assert.equal(code, 1);
  assert.match(errors, /^The engine cannot read its input: .*\n$/);
});
