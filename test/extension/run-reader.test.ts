import assert from 'node:assert/strict';
import { appendFileSync, cpSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { RunReader } from '../../extension/run/run-reader.ts';

const FIXTURE = path.join(import.meta.dirname, '../fixtures/run');

function folder(t: TestContext): string {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'unmask-run-'));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

test('a run that was copied from elsewhere is read whole, and then nothing more', async (t) => {
  const dir = folder(t);
  cpSync(FIXTURE, dir, { recursive: true });
  const reader = new RunReader(dir);
  const { metrics, samples, state, restart } = await reader.read();
  assert.deepEqual([metrics.length, samples.length, state?.status, restart], [30, 3, 'done', false]);
  assert.deepEqual(
    metrics.map(({ step }) => step),
    Array.from({ length: 30 }, (_, i) => i + 1),
  );
  const again = await reader.read();
  assert.deepEqual([again.metrics, again.samples], [[], []]);
});

test('only what was added is read, and a line only when it has ended', async (t) => {
  const dir = folder(t);
  const file = path.join(dir, 'metrics.jsonl');
  const reader = new RunReader(dir);
  assert.deepEqual((await reader.read()).metrics, []);
  writeFileSync(file, '{"step":1}\n{"step":2,"text":"ä');
  assert.deepEqual((await reader.read()).metrics, [{ step: 1 }]);
  appendFileSync(file, 'ö"}\n');
  assert.deepEqual((await reader.read()).metrics, [{ step: 2, text: 'äö' }]);
});

test('a file that was written anew replaces what was read', async (t) => {
  const dir = folder(t);
  const file = path.join(dir, 'metrics.jsonl');
  writeFileSync(file, '{"step":1}\n{"step":2}\n');
  const reader = new RunReader(dir);
  await reader.read();
  writeFileSync(`${file}.new`, '{"step":1}\n{"step":2}\n{"step":3}\n');
  renameSync(`${file}.new`, file);
  const { restart, metrics } = await reader.read();
  assert.deepEqual([restart, metrics.length], [true, 3]);
});

test('damaged lines and a damaged state are left out', async (t) => {
  const dir = folder(t);
  writeFileSync(path.join(dir, 'metrics.jsonl'), 'x\n\n[1]\n3\nnull\n{"step":4}\n');
  writeFileSync(path.join(dir, 'state.json'), '{');
  const { metrics, state } = await new RunReader(dir).read();
  assert.deepEqual([metrics, state], [[{ step: 4 }], null]);
});

test('a change in the folder is told', async (t) => {
  const dir = folder(t);
  const reader = new RunReader(dir);
  await new Promise<void>((resolve) => {
    const stop = reader.watch(() => {
      stop();
      resolve();
    });
    writeFileSync(path.join(dir, 'metrics.jsonl'), '{"step":1}\n');
  });
});
