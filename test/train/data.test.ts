import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { Random } from '../../server/decode/random.ts';
import { UserError } from '../../server/errors.ts';
import { openModel } from '../../server/models/registry.ts';
import { loadTokenizer } from '../../server/models/tokenizer.ts';
import { Corpus } from '../../server/train/data/corpus.ts';
import { cutHole } from '../../server/train/data/holes.ts';
import { openJsonLines } from '../../server/train/data/json-lines.ts';
import { Sampler, sampleRandom } from '../../server/train/data/sampler.ts';
import { openSourceFolder } from '../../server/train/data/source-folder.ts';
import { temporaryFolder } from '../support/model-files.ts';
import { writeTinyModel } from '../support/tiny-model-folder.ts';

const SOURCE = Array.from({ length: 30 }, (_, i) => `def f${i}(a, b):\n    return a * ${i} + b\n\n`).join('');

async function makeSampler(t: TestContext, lines: unknown[], settings = {}) {
  const dir = temporaryFolder(t);
  writeTinyModel(path.join(dir, 'model'));
  const data = path.join(dir, 'data.jsonl');
  writeFileSync(data, lines.map((line) => JSON.stringify(line)).join('\n'));
  const folder = await openModel(path.join(dir, 'model'));
  const tokenizer = await loadTokenizer(folder);
  const all = { sampleTokens: 96, fimShare: 0.5, ...settings };
  return { tokenizer, sampler: new Sampler(await Corpus.open([data]), tokenizer, folder.spec, all) };
}

test('JSON lines: every form, CR LF, empty lines, no line end at the end; a bad line is told by its number', async (t) => {
  const file = path.join(temporaryFolder(t), 'data.jsonl');
  writeFileSync(
    file,
    '{"prompt":"a","completion":"b"}\r\n\n{"prefix":"p","suffix":"s","middle":"ü"}\n\r\n{"text":"t"}\n{"text":\n{"x":1}\n{"prompt_ids":[1,2],"completion_ids":[3]}',
  );
  const opened = await openJsonLines(file);
  assert.equal(opened.count, 6);
  assert.deepEqual(await opened.read(0), { kind: 'completion', prompt: 'a', completion: 'b' });
  assert.deepEqual(await opened.read(1), { kind: 'infill', prefix: 'p', suffix: 's', middle: 'ü' });
  assert.deepEqual(await opened.read(2), { kind: 'text', text: 't' });
  for (const line of [3, 4]) await assert.rejects(opened.read(line), UserError);
  await assert.rejects(opened.read(4), /line 7, has neither/);
  assert.deepEqual(await opened.read(5), { kind: 'tokens', prompt: [1, 2], completion: [3] });
});

test('a folder gives its source files in order, each text once; other and binary files are left out', async (t) => {
  const dir = temporaryFolder(t);
  mkdirSync(path.join(dir, 'sub'));
  writeFileSync(path.join(dir, 'b.py'), SOURCE);
  writeFileSync(path.join(dir, 'sub', 'copy.py'), SOURCE);
  writeFileSync(path.join(dir, 'sub', 'other.py'), `# other\n${SOURCE}`);
  writeFileSync(path.join(dir, 'notes.txt'), SOURCE);
  writeFileSync(path.join(dir, 'zero.py'), `\0${SOURCE}`);
  const files = await openSourceFolder(dir);
  assert.deepEqual(
    files.map(({ file }) => path.relative(dir, file)),
    ['b.py', path.join('sub', 'other.py')],
  );
  assert.deepEqual(await files[0].read(0), { kind: 'text', text: SOURCE });
});

test('documents are drawn with equal probability over all files', async (t) => {
  const dir = temporaryFolder(t);
  const write = (name: string, texts: string[]) => {
    writeFileSync(path.join(dir, name), texts.map((text) => `${JSON.stringify({ text })}\n`).join(''));
    return path.join(dir, name);
  };
  const corpus = await Corpus.open([write('a.jsonl', ['0']), write('b.jsonl', ['1', '2', '3'])]);
  const counts = [0, 0, 0, 0];
  const random = new Random(1);
  for (let i = 0; i < 800; i++) {
    const document = await corpus.draw(random);
    if (document.kind === 'text') counts[Number(document.text)]++;
  }
  for (const count of counts) assert.ok(Math.abs(count - 200) < 60, `${counts}`);
});

test('holes: the parts are the text again, the middle is on one to five lines', () => {
  let found = 0;
  for (let seed = 0; seed < 300; seed++) {
    const cut = cutHole(SOURCE, new Random(seed));
    if (!cut) continue;
    found++;
    const { prefix, middle, suffix } = cut;
    assert.ok(SOURCE.includes(prefix + middle + suffix));
    assert.ok(middle.trim() !== '' && middle.split('\n').length <= 5);
  }
  assert.ok(found > 150, `${found}`);
});

test('holes: every third is a line behind its indentation', () => {
  const text = '    first = 1\n    second = 2\n';
  let [lines, all] = [0, 0];
  for (let seed = 0; seed < 1000; seed++) {
    const cut = cutHole(text, new Random(seed));
    if (!cut) continue;
    all++;
    if (['first = 1', 'second = 2'].includes(cut.middle)) lines++;
  }
  // Of those of one to five lines some are of one, and so are some spans.
  assert.ok(lines / all > 0.35 && lines / all < 0.65, `${lines} of ${all}`);
});

test('holes: a bracket that was opened before the cursor may be closed behind it already', () => {
  const line = 'call(first, other(second), third)';
  const ends: string[] = [];
  for (let seed = 0; seed < 800; seed++) {
    const cut = cutHole(`${line}\n`, new Random(seed));
    const closed = cut && /^([^()]*\([^()]*\))*[^()]*$/.test(cut.middle) && cut.suffix.startsWith(')');
    if (closed) ends.push(cut.suffix);
  }
  // Spans end there by chance, 6 times.
  assert.ok(ends.length > 40, `${ends.length}`);
  assert.deepEqual([...new Set(ends)].sort(), [')\n', '), third)\n']);
});

test('a hole becomes the prompt of completion, its middle and the end token', async (t) => {
  const { sampler, tokenizer } = await makeSampler(t, [{ prefix: 'x = ', suffix: '\ny', middle: '41 + 1' }]);
  const { ids, promptLength } = await sampler.sample(sampleRandom(3, 0));
  assert.equal(ids[0], 258);
  assert.equal(tokenizer.decode(ids.slice(0, promptLength)), '\nyx =');
  assert.equal(tokenizer.decode(ids.slice(promptLength)), ' 41 + 1');
  assert.equal(ids.at(-1), 256);
});

test('a completion keeps the end of a prompt that is too long; one that does not fit alone is left out', async (t) => {
  const long = { prompt: `${'a'.repeat(500)}b`, completion: 'c' };
  const { sampler, tokenizer } = await makeSampler(t, [long], { sampleTokens: 16 });
  const { ids, promptLength } = await sampler.sample(sampleRandom(3, 0));
  assert.equal(ids.length, 16);
  assert.equal(tokenizer.decode(ids.slice(0, promptLength)), `${'a'.repeat(13)}b`);
  const none = await makeSampler(t, [{ prompt: 'a', completion: 'c'.repeat(200) }]);
  await assert.rejects(none.sampler.sample(sampleRandom(3, 0)), /none makes a sample/);
});

test('sample number i is always the same and differs from its neighbours', async (t) => {
  const { sampler } = await makeSampler(t, [{ text: SOURCE }]);
  const draw = async (index: number) => JSON.stringify(await sampler.sample(sampleRandom(3, index)));
  const first = [await draw(0), await draw(1), await draw(2)];
  assert.deepEqual([await draw(0), await draw(1), await draw(2)], first);
  assert.equal(new Set(first).size, 3);
});
