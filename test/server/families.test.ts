import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { METHODS, type Trajectory } from '../../server/protocol.ts';
import { LspClient } from '../support/lsp-client.ts';
import { temporaryFolder } from '../support/model-files.ts';
import { writeTinyFamily } from '../support/tiny-families.ts';

const SERVER = path.join(import.meta.dirname, '../support/source-server.ts');
const URI = 'file:///project/sample.py';
const TEXT = 'def add(a, b):\n    \n\n\nprint(add(1, 2))\n';
const CURSOR = { line: 1, character: 4 };

/** Settings of an editor but for the model: the mode is one that these models cannot do. */
const SETTINGS = { minConfidence: -1, maxTokens: 6, threads: 1 };

for (const [name, seesSuffix] of [
  ['sdar', false],
  ['llada', true],
] as const) {
  test(`an editor gets completions of a ${name} model from the language server`, {
    timeout: 120_000,
  }, async (t) => {
    const model = path.join(temporaryFolder(t), name);
    writeTinyFamily(model, name);
    const client = new LspClient(['--import', 'tsx', SERVER]);
    t.after(async () => {
      client.kill();
      await client.exited;
    });
    await client.request('initialize', {
      processId: process.pid,
      rootUri: null,
      capabilities: {},
      initializationOptions: { settings: { ...SETTINGS, model } },
    });
    client.notify('initialized', {});
    const textDocument = { uri: URI, languageId: 'python', version: 1, text: TEXT };
    client.notify('textDocument/didOpen', { textDocument });
    const asked = { textDocument, position: CURSOR, context: { triggerKind: 1 } };
    await client.request('textDocument/inlineCompletion', asked);
    const trajectory = await client.request<Trajectory | null>(METHODS.lastTrajectory, null);
    assert.ok(trajectory);
    assert.equal(trajectory.model, name);
    assert.equal(trajectory.settings.mode, 'threshold');
    assert.ok(trajectory.responseIds.length > 0);
    assert.equal(trajectory.suffixIds !== undefined, seesSuffix);
  });
}
