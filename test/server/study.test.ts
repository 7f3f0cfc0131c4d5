import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { RemoteConsole } from 'vscode-languageserver/node';
import { bestDevice } from '../../server/engine/devices.ts';
import type { EngineState } from '../../server/engine/engine.ts';
import { rememberedMeasurements } from '../../server/engine/tuning.ts';
import { type Subject, studyWhenIdle } from '../../server/lsp/study.ts';
import type { EngineReady } from '../../server/protocol.ts';
import { temporaryFolder } from '../support/model-files.ts';

const MODEL = { weights: 'hash', device: 'cpu' };
const MEASURED = '{"threads":[[1,9],[2,5]],"activations":[],"windows":[[4,3],[3,2]]}';

/** An engine whose state the test sets, and a program that answers every task as `script` says. */
function laboratory(t: TestContext, script: string) {
  const [storageDir, dir] = [temporaryFolder(t), temporaryFolder(t)];
  const file = path.join(dir, 'tasks.cjs');
  writeFileSync(file, script);
  // The timer of the study keeps no process alive; in the server the connection does.
  const alive = setInterval(() => {}, 60_000);
  t.after(() => clearInterval(alive));
  const lines: string[] = [];
  const waiting: { pattern: RegExp; found(): void }[] = [];
  const log = (line: string) => {
    lines.push(line);
    for (const { pattern, found } of waiting) if (pattern.test(line)) found();
  };
  const listeners: (() => void)[] = [];
  const engine = {
    state: { kind: 'off' } as EngineState,
    model: { model: { weights: 'hash', bytes: 1 }, device: 'cpu' } as EngineReady,
    onDidChange(listener: () => void) {
      listeners.push(listener);
      return () => {};
    },
  } satisfies Subject['engine'];
  const console = { log, warn: log } as unknown as RemoteConsole;
  studyWhenIdle({ console }, { engine, command: { args: [file] }, storageDir, modelDir: () => dir, idle: 1 });
  return {
    dir,
    storageDir,
    lines,
    enter(kind: 'ready' | 'busy') {
      engine.state = { kind };
      for (const listener of listeners) listener();
    },
    logged: (pattern: RegExp) => new Promise<void>((found) => waiting.push({ pattern, found })),
  };
}

test('an idle engine has its machine measured, once', async (t) => {
  const lab = laboratory(
    t,
    `console.log(process.argv[2] === '--tune' ? '${MEASURED}' : '{"milliseconds": 1, "cpuMilliseconds": 5}')`,
  );
  const done = lab.logged(/: window 3 \(4: 3\.0 ms, 3: 2\.0 ms\)\.$/);
  lab.enter('ready');
  await done;
  assert.deepEqual(await rememberedMeasurements(lab.storageDir, MODEL), JSON.parse(MEASURED));
  assert.ok(lab.lines.some((line) => line.endsWith(': threads 2 (1: 9.0 ms, 2: 5.0 ms).')));
  assert.notEqual(await bestDevice(lab.storageDir), 'cpu');
  assert.equal(lab.lines.filter((line) => line.startsWith('Device ')).length, 5);
});

test('a request ends the measuring, which leaves nothing and begins anew', async (t) => {
  const gate = path.join(temporaryFolder(t), 'gate');
  const started = `${gate}-started`;
  const lab = laboratory(
    t,
    `const fs = require('node:fs');
     fs.writeFileSync(${JSON.stringify(started)}, '');
     if (!fs.existsSync(${JSON.stringify(gate)})) setInterval(() => {}, 1000);
     else console.log(process.argv[2] === '--tune' ? '${MEASURED}' : '{"problem": "no"}');`,
  );
  lab.enter('ready');
  while (!existsSync(started)) await new Promise((resolve) => setImmediate(resolve));
  lab.enter('busy');
  assert.equal(await rememberedMeasurements(lab.storageDir, MODEL), undefined);
  writeFileSync(gate, '');
  const done = lab.logged(/: threads 2 /);
  lab.enter('ready');
  await done;
  assert.ok(lab.lines.every((line) => !line.startsWith('This machine')));
});
