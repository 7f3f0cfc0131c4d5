import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { lockFolder, lockOwner } from '../../server/folder-lock.ts';
import { temporaryFolder } from '../support/model-files.ts';

const CONTENDER = path.join(import.meta.dirname, '../support/lock-contender.ts');
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
    const refused = said.filter((line) => /^process \d+ has it/.test(line));
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
    const free = lockFolder(dir, String);
    assert.equal(lockOwner(dir), process.pid);
    free();
  }
  // A process can also be killed while the lock changes hands.
  writeFileSync(path.join(dir, 'lock.changing'), String(NOBODY));
  lockFolder(dir, String)();
  assert.deepEqual(readdirSync(dir), []);
});
