import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { Corpus, countDropped } from '../../server/train/data/corpus.ts';
import { definitions } from '../../server/train/data/definitions.ts';
import { openJsonLines } from '../../server/train/data/json-lines.ts';
import { isAllowed } from '../../server/train/data/licences.ts';
import { NearDuplicates, signature } from '../../server/train/data/near-duplicates.ts';
import { jaccard, shingles } from '../../server/train/data/shingles.ts';
import { testSetNamed } from '../../server/train/data/test-task.ts';
import { temporaryFolder } from '../support/model-files.ts';
import { runCli } from '../support/run-cli.ts';
import { testRandom } from '../support/tiny-model.ts';

/** A source of `lines` random statements. */
function randomSource(random: () => number, lines: number): string[] {
  const word = () => `v${Math.floor(random() * 500)}`;
  return Array.from({ length: lines }, () => `    ${word()} = ${word()} + ${word()}(${word()})\n`);
}

/** Jaccard similarity of the runs of five lexemes, spelled out. */
function naiveSimilarity(a: string, b: string): number {
  const runs = (text: string) => {
    const parts = text.split(/\s+|(?=[^\w\s])|(?<=[^\w\s])/).filter((part) => part !== '');
    return new Set(parts.slice(4).map((_, i) => parts.slice(i, i + 5).join('\0')));
  };
  const [first, second] = [runs(a), runs(b)];
  const common = [...first].filter((one) => second.has(one)).length;
  return common / new Set([...first, ...second]).size;
}

function jsonLines(t: TestContext, ...rows: object[]): string {
  const file = path.join(temporaryFolder(t), 'data.jsonl');
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return file;
}

test('similarity is that of the runs of five lexemes; signatures agree as often', () => {
  const random = testRandom(3);
  for (let i = 0; i < 12; i++) {
    const lines = randomSource(random, 40);
    const other = lines.map((line) => (random() < i / 16 ? randomSource(random, 1)[0] : line));
    const [a, b] = [lines.join(''), other.join('')];
    const exact = jaccard(shingles(a), shingles(b));
    assert.ok(Math.abs(exact - naiveSimilarity(a, b)) < 1e-12);
    const [left, right] = [signature(shingles(a)), signature(shingles(b))];
    const agree = left.filter((value, at) => value === right[at]).length / left.length;
    // Three standard deviations of a share of 100.
    assert.ok(Math.abs(agree - exact) < 0.15, `${agree} for ${exact}`);
  }
  assert.equal(jaccard(shingles('a b\n c'), shingles('a  b c')), 1);
});

test('near-duplicates are those of the comparison of every pair', async () => {
  const random = testRandom(8);
  const texts: string[] = [];
  for (let i = 0; i < 60; i++) {
    const base = i % 3 === 0 ? randomSource(random, 30) : texts[Math.floor(random() * i)].split(/(?<=\n)/);
    const changed = base.map((line) => (random() < 0.05 * (i % 3) ? randomSource(random, 1)[0] : line));
    texts.push(changed.join(''));
  }
  const least = 0.8;
  const kept: number[] = [];
  const duplicates = new NearDuplicates(least, async (index) => shingles(texts[index]));
  for (const [i, text] of texts.entries()) {
    const expected = kept.find((earlier) => naiveSimilarity(texts[earlier], text) >= least);
    assert.equal(await duplicates.findOrAdd(i, shingles(text)), expected, `text ${i}`);
    if (expected === undefined) kept.push(i);
  }
  assert.ok(kept.length > 20 && kept.length < 55, `${kept.length}`);
});

test('the top-level definitions of a source, with decorators, and no more', () => {
  const first = '@cache\n@other(1)\ndef f(\n    x,\n):\n    """Doc."""\n\n    return x\n';
  const second = 'class A(B):\n    x = 1\n\n    def g(self): pass';
  const source = `import x\n\n${first}\n\ny = 1\n${second}\n\nif y:\n    def h(): pass\n`;
  assert.deepEqual(
    definitions(source).map((one) => one.trim()),
    [first.trim(), second.trim()],
  );
  assert.deepEqual(definitions(source.replaceAll('\n', '\r\n')), definitions(source));
});

test('licences are allowed by choice and in conjunction', () => {
  const allowed = ['MIT', 'Apache-2.0'];
  for (const yes of ['MIT', 'GPL-3.0-only OR MIT', 'MIT AND Apache-2.0'])
    assert.ok(isAllowed(yes, allowed), yes);
  for (const no of ['', 'GPL-3.0-only', 'MIT AND GPL-3.0-only', 'mit'])
    assert.ok(!isAllowed(no, allowed), no);
});

test('rows of test sets are known by their ids', () => {
  const named = [
    { task_id: 'HumanEval/3' },
    { task_id: 'SingleLineInfilling/HumanEval/0/L0' },
    { task_id: 'x', source: 'openai_humaneval' },
    { task_id: 11, test_list: [] },
    { task_id: 'Mbpp/600' },
    { task_id: '77', dataset: 'mbpp' },
    { task_id: 'infill/sorting/merge/L33' },
    { task_id: 'starter/halves', split: 'heldout' },
  ];
  for (const row of named) assert.ok(testSetNamed(row), JSON.stringify(row));
  const free = [
    { text: 'x' },
    { task_id: 10, test_list: [] },
    { task_id: 601, test_list: [] },
    { task_id: 'Mbpp/974' },
  ];
  for (const row of [...free, { task_id: 50 }, { task_id: 'starter/clamp', split: 'train' }]) {
    assert.equal(testSetNamed(row), undefined, JSON.stringify(row));
  }
});

test('a task is asked for as in evaluation', async (t) => {
  const file = jsonLines(
    t,
    {
      task_id: 700,
      text: 'Double it.',
      code: 'def f(x):\r\n    return 2 * x',
      test_list: ['assert f(1) == 2'],
    },
    { task_id: 'own/1', prompt: 'a = ', suffix: '\nb = 2\n', canonical_solution: '1', licence: 'MIT' },
    { task_id: 3, test_list: [] },
    {
      task_id: 'own/2',
      text: 'x',
      prefix: 'def f(x):\n',
      code: '    return x\n',
      test_list: ['assert f(1) == 1'],
    },
  );
  const { read } = await openJsonLines(file);
  assert.deepEqual(await read(0), {
    kind: 'completion',
    prompt: '"""Double it.\nassert f(1) == 2\n"""\n',
    completion: 'def f(x):\n    return 2 * x',
  });
  const hole = { kind: 'infill', prefix: 'a = ', suffix: '\nb = 2\n', middle: '1', licence: 'MIT' };
  assert.deepEqual(await read(1), hole);
  await assert.rejects(read(2), { name: 'UserError', message: /line 3, / });
  assert.deepEqual(await read(3), {
    kind: 'completion',
    prompt: 'def f(x):',
    completion: '\n    return x\n',
  });
});

const HALVES = 'def halves(items):\n    cut = len(items) // 2\n    return (items[:cut], items[cut:])\n';

test('a corpus leaves out test sets, other licences and near-duplicates, and says how many', async (t) => {
  const random = testRandom(1);
  const [a, b, c] = [1, 2, 3].map(() => randomSource(random, 30).join(''));
  const dir = temporaryFolder(t);
  const list = path.join(dir, 'hashes.json');
  writeFileSync(path.join(dir, 'secret.py'), HALVES);
  const { code, stderr } = await runCli('data', 'hash', path.join(dir, 'secret.py'), '--out', list);
  assert.equal(code, 0, stderr);
  const file = jsonLines(
    t,
    { text: a, licence: 'MIT' },
    { text: b, license: 'GPL-3.0-only' },
    { text: c },
    { text: `${a}    x = 1\n`, licence: 'MIT' },
    { text: `import os\n\n\n${HALVES.replaceAll('    ', '\t')}\n\nprint(1)\n`, licence: 'MIT' },
    { prompt: '"""Cut it."""\n', completion: HALVES, licence: 'MIT' },
    { prompt: 'p', completion: 'q', task_id: 'HumanEval/1', licence: 'MIT' },
    { text: b.replaceAll('v', 'w'), licence: 'MIT' },
  );
  const rules = { licences: ['MIT'], duplicateSimilarity: 0.8, testSets: [list] };
  const corpus = await Corpus.open([file], rules);
  assert.equal(corpus.count, 2);
  assert.deepEqual(await corpus.files[0].read(1), {
    kind: 'text',
    text: b.replaceAll('v', 'w'),
    licence: 'MIT',
  });
  assert.deepEqual(countDropped(corpus.files), {
    'licence: GPL-3.0-only': 1,
    'no licence declared': 1,
    'near-duplicate': 1,
    'test set: secret.py': 2,
    'test set: HumanEval': 1,
  });
  await assert.rejects(Corpus.open([file], { ...rules, licences: ['0BSD'] }), {
    name: 'UserError',
    message: /nothing to learn from: all is left out .*licence: MIT/,
  });
});

test('the licence of a source file is that of the longest declared path', async (t) => {
  const dir = temporaryFolder(t);
  const random = testRandom(2);
  for (const file of ['a/x.py', 'a/b/y.py', 'c/z.py']) {
    mkdirSync(path.join(dir, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(dir, file), randomSource(random, 30).join(''));
  }
  writeFileSync(path.join(dir, 'licences.json'), '{"a": "MIT", "a/b": "GPL-3.0-only", ".": "0BSD"}');
  const { files } = await Corpus.open([dir], { licences: ['MIT', '0BSD'] });
  assert.deepEqual(
    files.map(({ licence, count }) => [licence, count]),
    [
      ['GPL-3.0-only', 0],
      ['MIT', 1],
      ['0BSD', 1],
    ],
  );
  writeFileSync(path.join(dir, 'licences.json'), '["MIT"]');
  await assert.rejects(Corpus.open([dir]), {
    name: 'UserError',
    message: /licences\.json must be an object/,
  });
});

test('a list of hashes that is none, and a line that cannot be read, are told when a corpus is opened', async (t) => {
  const good = jsonLines(t, { text: 'x' });
  await assert.rejects(Corpus.open([good], { testSets: [good] }), {
    name: 'UserError',
    message: /no list of hashes/,
  });
  await assert.rejects(Corpus.open([jsonLines(t, { text: 'x' }, { y: 1 })]), /line 2, has neither/);
});
