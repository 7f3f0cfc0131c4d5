import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { columnsOf } from '../../bench/infill/cut-points.ts';
import { cutItem, isRight } from '../../bench/infill/item.ts';
import { findPairs } from '../../bench/infill/pairs.ts';
import { benchDocuments, drawSuite, loadSuite, readSources } from '../../bench/infill/suite.ts';
import documents from '../../server/bench/documents.json' with { type: 'json' };
import { readTasks } from '../../server/tasks/read-tasks.ts';

const folder = path.join(import.meta.dirname, '..', '..', 'bench', 'suites', 'infill-python');

/** `open` and `close` drawn under the source, one character per pair, as the oracle of findPairs. */
function drawnPairs(source: string): string[] {
  return findPairs(source)
    .sort((a, b) => a.open - b.open)
    .map((pair) => source.slice(pair.open, pair.close + pair.closer.length));
}

test('pairs are found through strings, f-strings and comments', () => {
  assert.deepEqual(drawnPairs('f(a[0], "x)")'), ['(a[0], "x)")', '[0]', '"x)"']);
  assert.deepEqual(drawnPairs(`f"{d['k']}{{"`), [`"{d['k']}{{"`, `{d['k']}`, `['k']`, `'k'`]);
  assert.deepEqual(drawnPairs(`"it's \\" ok"`), [`"it's \\" ok"`]);
  assert.deepEqual(drawnPairs('# (\n()'), ['()']);
  assert.deepEqual(drawnPairs('"""a "b" (\n"""'), ['"""a "b" (\n"""']);
  assert.deepEqual(drawnPairs('(]'), []);
});

test('cursor columns by kind', () => {
  assert.deepEqual(columnsOf('  ab = c', 'line-start'), [2]);
  assert.deepEqual(columnsOf('  ab = c', 'line-rest'), [5, 7]);
  assert.deepEqual(columnsOf('  ab = cde', 'word'), [3, 8, 9]);
  assert.deepEqual(columnsOf('f():', 'line-rest'), [1]);
});

test('an item has the closing marks in its suffix and accepts the line up to each of them', () => {
  const source = 'if 1:\n    f(g(a), "b")\n    h()\n\nx = 1\n';
  const cut = { file: 'a.py', line: 2, column: 9, kind: 'line-rest', missing: 'paragraph' } as const;
  const item = cutItem(source, findPairs(source), cut);
  assert.equal(item.prefix, 'if 1:\n    f(g(');
  assert.equal(item.suffix, '))\n\nx = 1\n');
  assert.deepEqual(item.accepted, ['a), "b")', 'a', 'a), "b"']);
  assert.ok(isRight(item, 'a  \nanything'));
  assert.ok(!isRight(item, 'a)'));
  assert.equal(
    cutItem(source, findPairs(source), { ...cut, missing: 'line' }).suffix,
    '))\n    h()\n\nx = 1\n',
  );
});

test('suite.json is what its seed draws, and its items fit their files', () => {
  const manifest = JSON.parse(readFileSync(path.join(folder, 'suite.json'), 'utf8'));
  assert.deepEqual(drawSuite(folder, manifest.seed, manifest.cutsPerFile), manifest);
  const { items, latency } = loadSuite(folder);
  assert.ok(items.length >= 160);
  assert.equal(latency.length, 8);
  assert.equal(new Set(items.map((item) => item.id)).size, items.length);
  assert.deepEqual(benchDocuments({ items, latency }), documents);
  for (const item of items) {
    const source = readFileSync(path.join(folder, 'files', item.file), 'utf8');
    assert.ok(source.startsWith(item.prefix + item.rest), item.id);
    const afterLine = source.slice(item.prefix.length + item.rest.length);
    if (item.missing === 'line') assert.ok(item.suffix.endsWith(afterLine), item.id);
    assert.ok(isRight(item, item.rest) && item.accepted.every((text) => text !== ''), item.id);
  }
});

test('every hole of tasks/infill.jsonl is a line of one of the programs or of a held-out function', async () => {
  const tasks = path.join(import.meta.dirname, '..', '..', 'tasks');
  const starter = await readTasks(path.join(tasks, 'starter.jsonl'));
  const sources = new Set([
    ...readSources(folder).values(),
    ...starter.tasks
      .filter(({ split }) => split === 'heldout')
      .map(({ prefix, reference }) => prefix + reference),
  ]);
  const { tasks: holes, problems } = await readTasks(path.join(tasks, 'infill.jsonl'));
  assert.deepEqual(problems, []);
  for (const { id, prefix, suffix, reference } of holes) {
    assert.ok(sources.has(prefix + reference + suffix), id);
    assert.match(prefix, /(^|\n) *$/, id);
    assert.match(suffix ?? '', /^\n/, id);
  }
});
