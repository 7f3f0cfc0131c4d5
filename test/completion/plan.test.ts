import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engineRequest, prepare } from '../../server/completion/completion.ts';
import { readSettings } from '../../server/settings.ts';

/** What the decoder is asked for at the cursor `█`. */
function settingsAt(marked: string, manual: boolean, sent: Record<string, unknown> = {}) {
  const request = {
    uri: 'file:///project/plan.py',
    languageId: 'python',
    text: marked.replace('█', ''),
    offset: marked.indexOf('█'),
    manual,
  };
  const task = prepare(request, readSettings(sent).settings);
  assert.ok(typeof task !== 'string', String(task));
  return engineRequest(task, 0).settings;
}

const LINE = 'total = 0\nfor n in █\n    total += n\n';

test('a line that is asked for by hand and that text follows gets beams', () => {
  const { beams, stopStrings } = settingsAt(LINE, true, { beams: 5 });
  assert.deepEqual([beams, stopStrings], [5, ['\n']]);
});

const ALONE: [string, string, boolean, Record<string, unknown>][] = [
  ['typing', LINE, false, { beams: 5 }],
  ['one beam', LINE, true, { beams: 1 }],
  ['nothing but space that follows', 'total = sum(█\n\n', true, { beams: 5 }],
  ['a block', 'def total(numbers):\n    █\n\nprint(total([1]))\n', true, { beams: 5 }],
];

for (const [name, marked, manual, sent] of ALONE) {
  test(`no beams: ${name}`, () => assert.equal(settingsAt(marked, manual, sent).beams, undefined));
}
