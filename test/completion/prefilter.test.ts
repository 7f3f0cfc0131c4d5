import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prepare } from '../../server/completion/completion.ts';
import { isExcluded } from '../../server/completion/exclude.ts';
import { readSettings } from '../../server/settings.ts';

const PLACES = ['', 'x = ', '    ', 'def f():', 'if (a) {', 'f(', 'x = a.'] as const;

function reasonFor(change: object, settings: object = {}): string | undefined {
  const request = {
    uri: 'file:///project/a.py',
    languageId: 'python',
    text: 'x = ',
    offset: 4,
    manual: false,
    ...change,
  };
  const task = prepare(request, readSettings(settings).settings);
  return typeof task === 'string' ? task : undefined;
}

test('each rule refuses what it is for, and nothing else is refused', () => {
  assert.equal(reasonFor({}), undefined);
  assert.equal(reasonFor({}, { enable: false }), 'completion is turned off');
  assert.equal(reasonFor({}, { automatic: false }), 'completion while typing is turned off');
  assert.equal(reasonFor({ manual: true }, { automatic: false }), undefined);
  assert.equal(reasonFor({ languageId: 'markdown' }), 'the language is turned off');
  assert.equal(reasonFor({ languageId: 'rust' }, { languages: { python: true } }), undefined);
  assert.equal(reasonFor({}, { languages: { '*': true, python: false } }), 'the language is turned off');
  assert.equal(
    reasonFor({ languageId: 'rust' }, { languages: { '*': false } }),
    'the language is turned off',
  );
  assert.equal(
    reasonFor({ uri: 'git:/project/a.py' }),
    'the document is not a file, a new file or a notebook cell',
  );
  assert.equal(reasonFor({ uri: 'untitled:Untitled-1' }), undefined);
  assert.equal(reasonFor({ uri: 'file:///project/.env' }), 'the file is excluded');
  assert.equal(reasonFor({ offset: 0 }), 'text follows the cursor');
  assert.equal(reasonFor({ offset: 0, manual: true }), undefined);
  assert.equal(reasonFor({ text: ' \n\n', offset: 1 }), 'the document is empty');
});

test('secrets and patterns exclude files by name or by any folder of their path', () => {
  const patterns = ['**/node_modules/**', 'generated/*.py', '*.min.js', '/home/me/private/**'];
  const excluded = [
    'file:///w/.env',
    'file:///w/.env.production',
    'file:///w/prod.env',
    'file:///w/KEY.PEM',
    'file:///w/id_rsa',
    'file:///w/.npmrc',
    'file:///w/node_modules/x/y.js',
    'file:///w/a/generated/b.py',
    'file:///w/c.min.js',
    'file:///home/me/private/a/b.py',
    'file:///w/%2Eenv',
  ];
  const included = [
    'file:///w/environment.py',
    'file:///w/keys.py',
    'file:///w/generated/deep/b.py',
    'file:///w/min.js',
    'file:///w/100%.py',
  ];
  assert.deepEqual(
    [...excluded, ...included].filter((uri) => isExcluded(uri, patterns)),
    excluded,
  );
});

test('an empty line and the opener of a block get several lines, all else one', () => {
  const extents = PLACES.map((place) => {
    const text = `a\n${place}`;
    const request = {
      uri: 'file:///a.py',
      languageId: 'python',
      text: `${text}\nb`,
      offset: text.length,
      manual: false,
    };
    const task = prepare(request, readSettings({}).settings);
    return typeof task === 'string' ? task : task.extent;
  });
  assert.deepEqual(extents, ['block', 'line', 'block', 'block', 'block', 'block', 'line']);
});
