import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFrontier } from '../../server/frontier-file.ts';
import type { FrontierOrProblem } from '../../server/protocol.ts';
import { savedFrontier } from '../webview/support/frontiers.ts';
import { Editor } from './editor.ts';

const FILE = 'a.frontier.json';

test('a saved frontier is read', () => {
  assert.deepEqual(parseFrontier(JSON.stringify(savedFrontier()), FILE), savedFrontier());
  const [first, ...others] = savedFrontier().curves;
  const untimed = { ...first, points: first.points.map((point) => ({ ...point, tokensPerSecond: null })) };
  const frontier = { ...savedFrontier(), curves: [untimed, ...others] };
  assert.deepEqual(parseFrontier(JSON.stringify(frontier), FILE), frontier);
});

const BROKEN: [change: (frontier: ReturnType<typeof savedFrontier>) => unknown, message: RegExp][] = [
  [() => ({}), /^a\.frontier\.json is not a frontier of Unmask: its key "format"/],
  [(one) => ({ ...one, version: 2 }), /has version 2 and this Unmask reads version 1/],
  [
    (one) => ({ ...one, accuracy: 'luck' }),
    /damaged at the key "accuracy": write it again by unmask eval --frontier/,
  ],
  [(one) => ({ ...one, curves: [{ name: 'x' }] }), /key "curves\[0\]\.aup"/],
  [
    (one) => {
      one.curves[1].points[0].tpf.total.interval.push(3);
      return one;
    },
    /key "curves\[1\]\.points\[0\]\.tpf\.total\.interval"/,
  ],
];

for (const [change, message] of BROKEN) {
  test(`a frontier is refused: ${message.source}`, () => {
    const text = JSON.stringify(change(savedFrontier()));
    assert.throws(() => parseFrontier(text, FILE), { name: 'UserError', message });
  });
}

test('the server reads one for the editor, and answers a bad one with a sentence', async (t) => {
  const editor = new Editor(t);
  await editor.start('x = █\n', []);
  const read = (text: string) =>
    editor.client.request<FrontierOrProblem>('unmask/readFrontier', { name: FILE, text });
  assert.deepEqual((await read(JSON.stringify(savedFrontier()))).frontier, savedFrontier());
  assert.match((await read('{')).problem ?? '', /^a\.frontier\.json is not JSON/);
});
