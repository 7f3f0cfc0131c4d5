import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { removeLeftovers } from '../../../server/train/run/leftovers.ts';
import { temporaryFolder } from '../../support/model-files.ts';

/** No system has processes with such an id. */
const NOBODY = 999_999_999;

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
