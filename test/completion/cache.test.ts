import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CompletionCache } from '../../server/completion/cache.ts';
import { prepare, type Task } from '../../server/completion/completion.ts';
import { readSettings } from '../../server/settings.ts';

function taskAt(marked: string, manual = false): Task {
  const text = marked.replace('█', '');
  const request = {
    uri: 'file:///a.py',
    languageId: 'python',
    text,
    offset: marked.indexOf('█'),
    manual,
  };
  const task = prepare(request, readSettings({}).settings);
  assert.ok(typeof task !== 'string', String(task));
  return task;
}

const answer = (text: string) => ({ draft: { text, replaced: 0, lineConfidences: [1] }, confidence: 1 });

function find(cache: CompletionCache, marked: string, manual = false): string | null | undefined {
  const hit = cache.find(taskAt(marked, manual));
  return hit?.answer === null ? null : hit?.answer.draft.text;
}

test('an answer serves every place that is reached by typing it, until nothing is left', () => {
  const cache = new CompletionCache();
  cache.store(taskAt('x = █\n'), answer('compute()'));
  assert.equal(find(cache, 'x = █\n'), 'compute()');
  assert.equal(find(cache, 'x = comp█\n'), 'ute()');
  assert.equal(find(cache, 'x = compute(█)\n'), ')');
  assert.equal(find(cache, 'x = compute()█\n'), undefined);
  assert.equal(find(cache, 'x = con█\n'), undefined);
  assert.equal(find(cache, 'x =█\n'), undefined);
  assert.equal(find(cache, 'x = █\ny\n'), undefined);
});

test('nothing worth showing is remembered for its own place only', () => {
  const cache = new CompletionCache();
  cache.store(taskAt('x = █'), null);
  assert.equal(find(cache, 'x = █'), null);
  assert.equal(find(cache, 'x = a█'), undefined);
});

test('what was asked for by hand also serves typing, not the other way round', () => {
  const cache = new CompletionCache();
  cache.store(taskAt('x = █'), answer('typed'));
  assert.equal(find(cache, 'x = █', true), undefined);
  cache.store(taskAt('x = █', true), answer('by hand'));
  assert.equal(find(cache, 'x = █', true), 'by hand');
  assert.equal(find(cache, 'x = b█'), 'y hand');
});

test('the least recently used of 100 is forgotten', () => {
  const cache = new CompletionCache();
  for (let i = 0; i < 100; i++) cache.store(taskAt(`v${i} = █`), answer(`value ${i}`));
  assert.equal(find(cache, 'v0 = █'), 'value 0');
  cache.store(taskAt('last = █'), answer('value'));
  assert.equal(find(cache, 'v1 = █'), undefined);
  assert.equal(find(cache, 'v0 = █'), 'value 0');
  assert.equal(find(cache, 'v2 = █'), 'value 2');
});
