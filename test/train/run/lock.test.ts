import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { removeLeftovers } from '../../../server/train/run/leftovers.ts';
import { lockOwner, lockRun } from '../../../server/train/run/lock.ts';
import { temporaryFolder } from '../../support/model-files.ts';

const CONTENDER = path.join(import.meta.dirname, '../../support/lock-contender.ts');
/** No system has processes with such an id. */
const NOBODY = 999_999_999;
const [CONTENDERS, ROUNDS] = [3, 100];

test('of processes that want a folder at the same time exactly one gets it, also over a dead one', async (t) => {
  const dir = temporaryFolder(t);
  const contenders = Array.from({ length: CONTENDERS }, () => {
    const child = spawn(process.execPath, ['--import', 'tsx', CONTENDER, dir]);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    t.after(() => child.kill());
    return async () => {
      child.stdin.write('\n');
      return (await lines.next()).value as string;
    };
  });
  const all = () => Promise.all(contenders.map((say) => say()));
  for (let round = 0; round < ROUNDS; round++) {
    if (round % 2) writeFileSync(path.join(dir, 'lock'), String(NOBODY));
    const said = await all();
    const refused = said.filter((line) => /^process \d+ is training in /.test(line));
    assert.deepEqual([said.filter((line) => line === 'locked').length, refused.length], [1, CONTENDERS - 1]);
    await all();
    assert.deepEqual(readdirSync(dir), []);
  }
});

test('a lock is free with its process, whatever it says', async (t) => {
  const dir = temporaryFolder(t);
  for (const text of ['', 'x', '-1', String(NOBODY)]) {
    writeFileSync(path.join(dir, 'lock'), text);
    assert.equal(lockOwner(dir), undefined);
    const free = lockRun(dir);
    assert.equal(lockOwner(dir), process.pid);
    free();
  }
  // A process can also be killed while the lock changes hands.
  writeFileSync(path.join(dir, 'lock.changing'), String(NOBODY));
  lockRun(dir)();
  assert.deepEqual(readdirSync(dir), []);
});

test('what killed processes left half-written is removed, what others write stays', async (t) => {
  const dir = temporaryFolder(t);
  const other = spawn(process.execPath, ['-e', 'process.stdin.resume()']);
  t.after(() => other.kill());
  await once(other, 'spawn');
  const [mine, dead, living] = [process.pid, NOBODY, other.pid].map((pid) => `state.json.${pid}.partial`);
  for (const name of [mine, dead, living, 'notes.partial']) writeFileSync(path.join(dir, name), '{');
  await removeLeftovers(dir);
  assert.deepEqual(readdirSync(dir).sort(), ['notes.partial', living].sort());
  assert.ok(!existsSync(path.join(dir, 'checkpoints')));
});
