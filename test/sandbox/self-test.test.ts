import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { buildSandbox } from '../../scripts/lib/build-sandbox.mjs';
import { DIST } from '../../scripts/lib/paths.mjs';
import { launchPyodide } from '../../server/sandbox/backends.ts';
import { WorkerChild } from '../../server/sandbox/child.ts';
import { Judge } from '../../server/sandbox/judge.ts';
import { WorkerPool } from '../../server/sandbox/pool.ts';
import { runtimeDirectory } from '../../server/sandbox/runtime.ts';
import { selfTest } from '../../server/sandbox/self-test.ts';
import { ensureSnapshot } from '../../server/sandbox/snapshot.ts';

/** A worker that answers every run by the given JavaScript expression for the reply's fields. */
function brokenPool(reply: string): WorkerPool {
  const program = `
    const send = (o) => process.stdout.write(JSON.stringify(o) + '\\n');
    send({ ready: true });
    require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
      const { id, nonce, text } = JSON.parse(line);
      const { code } = JSON.parse(text);
      send({ id, nonce, ok: true, interrupted: 0, denied: 0, milliseconds: 1, worn: false, text: '', ...(${reply}) });
    });`;
  return new WorkerPool(
    1,
    () => new WorkerChild({ command: process.execPath, args: ['-e', program], env: {} }),
  );
}

const RESULTS = (...values: string[]) =>
  `{ text: '${JSON.stringify({ results: values.map((v) => ({ v })) })}' }`;

describe('the self-test', () => {
  let judge: Judge;
  before(async () => {
    if (!existsSync(path.join(DIST, 'sandbox', 'python-worker.js'))) await buildSandbox();
    const runtime = runtimeDirectory();
    const launch = launchPyodide(runtime, await ensureSnapshot(runtime));
    judge = new Judge(() => new WorkerChild(launch));
  });
  after(() => judge.close());

  const broken: [string, string, RegExp][] = [
    [
      'that gives every candidate the right values',
      RESULTS('16', '107'),
      /"(a wrong|an endless|an escape|a forged).* ended as passed/,
    ],
    ['that gives none the right values', RESULTS('0', '0'), /"a right solution passes" ended as failed/],
    ['that talks nonsense', "{ text: 'hello' }", /"a right solution passes" ended as crashed/],
    [
      'whose escapes lead out',
      `code.includes('attempt') ? ${RESULTS('16', '107')} : code.includes('while') ? { ok: false, interrupted: 1 } : code.startsWith('def f(x): return x') ? ${RESULTS('16', '107')} : ${RESULTS('0', '0')}`,
      /"an escape leads nowhere" ended as passed/,
    ],
  ];
  for (const [what, reply, message] of broken) {
    test(`refuses a sandbox ${what}`, async () => {
      const pool = brokenPool(reply);
      await assert.rejects(selfTest('python', pool, judge), { name: 'UserError', message });
      pool.close();
    });
  }
});
