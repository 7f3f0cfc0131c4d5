import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partPrefix, withoutBeginning } from '../../server/engine/beginning.ts';

const PARTED: [prefix: string, beginning: string][] = [
  ['x = retu', ' retu'],
  ['return  ', '  '],
  ['    retu', 'retu'],
  ['a\n  ret', 'ret'],
  ['\t', ''],
  ['a\n  ', ''],
  ['', ''],
  ['self.na', 'na'],
  ['f(na', 'na'],
  ['my_na', 'na'],
  ['x = my_', ''],
  ['naïve', ''],
  ['x = 12', ''],
  [`x = ${'a'.repeat(24)}`, ` ${'a'.repeat(24)}`],
  [`x = ${'a'.repeat(25)}`, ''],
  ['a'.repeat(1_000_000), ''],
];

test('a half-typed word and the spaces before it are left to the response, indentation is not', () => {
  for (const [prefix, beginning] of PARTED) {
    const parted = partPrefix(prefix);
    assert.equal(parted.beginning, beginning, prefix.slice(-30));
    assert.equal(parted.prefix + parted.beginning, prefix);
  }
});

test('a response is shown without its beginning', () => {
  const prompt = { prefix: 'x =', beginning: ' so', suffix: '', fim: true, budget: 0 };
  assert.equal(withoutBeginning({ text: ' sorted(x)', prompt }), 'rted(x)');
  assert.equal(withoutBeginning({ text: ' s', prompt }), '');
  assert.equal(withoutBeginning({ text: ' a', prompt: { ...prompt, beginning: undefined } }), ' a');
  assert.equal(withoutBeginning({ text: ' a' }), ' a');
});
