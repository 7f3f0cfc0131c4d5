import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { CancellationToken, ExtensionContext } from 'vscode';
import { runCommandLine, startDetached } from '../../extension/command-line.ts';
import { temporaryFolder } from '../support/model-files.ts';

/** An extension whose command line is this program. */
function extension(t: TestContext, program: string): ExtensionContext {
  const dir = temporaryFolder(t);
  const file = path.join(dir, 'cli.cjs');
  writeFileSync(file, program);
  return { asAbsolutePath: () => file, globalStorageUri: { fsPath: dir } } as unknown as ExtensionContext;
}

test('the objects of a command are told as they come, and the last one is its result', async (t) => {
  const context = extension(
    t,
    `const [a, json] = process.argv.slice(2);
     console.log(JSON.stringify({ a, token: process.env.HF_TOKEN }));
     console.log(JSON.stringify({ json }));`,
  );
  const lines: unknown[] = [];
  const onLine = (value: unknown) => lines.push(value);
  const result = await runCommandLine(context, ['x'], { onLine, environment: { HF_TOKEN: 'secret' } });
  assert.deepEqual(lines, [{ a: 'x', token: 'secret' }, { json: '--json' }]);
  assert.deepEqual(result, lines[1]);
});

test('a command that fails is told by its sentence', async (t) => {
  const failing = extension(
    t,
    `console.error('3 tasks: 1 left out');
     console.error('unmask model download: there is no space: make some.');
     process.exitCode = 1;`,
  );
  await assert.rejects(runCommandLine(failing, []), { message: 'there is no space: make some.' });
  await assert.rejects(runCommandLine(extension(t, 'throw new Error("defect")'), []), /defect/);
});

test('a command that is cancelled has no result', async (t) => {
  const context = extension(t, `console.log('{}'); setInterval(() => {}, 1000);`);
  let cancel = () => {};
  const cancelled = {
    isCancellationRequested: false,
    onCancellationRequested(listener: () => void) {
      cancel = () => {
        cancelled.isCancellationRequested = true;
        listener();
      };
      return { dispose() {} };
    },
  };
  const hooks = { onLine: () => cancel(), cancelled: cancelled as unknown as CancellationToken };
  assert.equal(await runCommandLine(context, [], hooks), undefined);
});

test('a command that cannot be started is a failure like any other', async (t) => {
  const context = extension(t, '');
  const { execPath } = process;
  t.after(() => {
    process.execPath = execPath;
  });
  process.execPath = path.join(temporaryFolder(t), 'missing');
  await assert.rejects(startDetached(context, [], path.join(temporaryFolder(t), 'run')), /ENOENT/);
  await assert.rejects(runCommandLine(context, []), /ENOENT/);
});
