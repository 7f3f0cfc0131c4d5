import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { AcceptanceTracker } from '../../server/completion/acceptance.ts';
import { readCounters } from '../../server/completion/counters.ts';
import { Retention } from '../../server/completion/retention.ts';

const URI = 'file:///a.py';

/** A document whose changes a tracker follows. */
class Follower {
  readonly dir: string;
  readonly tracker: AcceptanceTracker;
  text: string;

  constructor(t: TestContext, text: string) {
    this.dir = mkdtempSync(path.join(os.tmpdir(), 'unmask-counters-'));
    t.after(() => rmSync(this.dir, { recursive: true }));
    this.tracker = new AcceptanceTracker(this.dir);
    this.text = text;
  }

  offer(text: string, start = this.text.length, end = start, id = '1'): void {
    this.tracker.offered(URI, { id, text, start, end, confidence: 1 }, this.text);
  }

  replace(start: number, end: number, text: string): void {
    this.text = this.text.slice(0, start) + text + this.text.slice(end);
    this.tracker.onChange(URI, [{ start, end, text }], this.text);
  }

  append(text: string): void {
    this.replace(this.text.length, this.text.length, text);
  }

  async counts(): Promise<number[]> {
    await this.tracker.dispose();
    return Object.values(await readCounters(this.dir));
  }
}

test('an insertion of the whole text is an acceptance', async (t) => {
  const follower = new Follower(t, 'x = ');
  follower.offer('compute()');
  follower.append('compute()');
  assert.deepEqual(await follower.counts(), [1, 1, 0, 9, 9]);
});

test('typing the text key by key is none', async (t) => {
  const follower = new Follower(t, 'x = ');
  follower.offer('abc()');
  for (const key of ['a', 'b', 'c', '()']) follower.append(key);
  assert.deepEqual(await follower.counts(), [1, 0, 0, 0, 0]);
});

test('a word is accepted partly; the rest makes the whole', async (t) => {
  const follower = new Follower(t, 'x = ');
  follower.offer('first second');
  follower.append('first');
  assert.deepEqual(await follower.counts(), [1, 0, 1, 5, 5]);
  follower.append(' second');
  assert.deepEqual(await follower.counts(), [1, 1, 0, 12, 12]);
});

test('an offer that is typed along counts once, and can be accepted at its end', async (t) => {
  const follower = new Follower(t, 'x = ');
  follower.offer('compute()');
  follower.append('c');
  follower.offer('ompute()');
  follower.append('ompute()');
  assert.deepEqual(await follower.counts(), [1, 1, 0, 8, 8]);
});

test('accepting replaces what the offer overwrites', async (t) => {
  const follower = new Follower(t, 'print()');
  follower.offer('a).b()', 6, 7);
  follower.replace(6, 7, 'a).b()');
  assert.deepEqual(await follower.counts(), [1, 1, 0, 6, 6]);
});

test('other text and other places are no acceptance', async (t) => {
  const follower = new Follower(t, 'x = ');
  follower.offer('compute()');
  follower.replace(0, 1, 'yy');
  follower.append('something');
  follower.append('compute()');
  assert.deepEqual(await follower.counts(), [1, 0, 0, 0, 0]);
});

test('the word of the editor counts where the document did not show it', async (t) => {
  const follower = new Follower(t, 'x = ');
  follower.offer('compute()');
  follower.tracker.accepted('1');
  follower.tracker.accepted('1');
  follower.tracker.accepted('2');
  assert.deepEqual(await follower.counts(), [1, 1, 0, 0, 0]);
});

test('retained characters are those that a naive marking of every character still finds', () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * below);
  };
  for (let round = 0; round < 200; round++) {
    const retention = new Retention();
    let marks = [...'....AAAAAAAAAA....'];
    retention.accept(URI, 4, 14, 0);
    for (let edit = 0; edit < 5; edit++) {
      const start = random(marks.length + 1);
      const end = Math.min(marks.length, start + random(4));
      const text = '-'.repeat(random(3));
      retention.onChange(URI, { start, end, text });
      marks = [...marks.slice(0, start), ...text, ...marks.slice(end)];
    }
    assert.deepEqual(retention.settle({}), {
      acceptedCharacters: 10,
      retainedCharacters: marks.filter((mark) => mark === 'A').length,
    });
  }
});

test('accepted text is judged after a minute, or when its document is closed', () => {
  const retention = new Retention();
  retention.accept(URI, 0, 3, 1000);
  retention.accept('file:///b.py', 0, 5, 1000);
  assert.equal(retention.settle({ now: 60_999 }).acceptedCharacters, 0);
  assert.equal(retention.settle({ uri: URI }).acceptedCharacters, 3);
  assert.equal(retention.settle({ now: 61_000 }).acceptedCharacters, 5);
  assert.equal(retention.settle({}).acceptedCharacters, 0);
});

test('two servers add to one file, and a broken file counts as none', async (t) => {
  const follower = new Follower(t, '');
  writeFileSync(path.join(follower.dir, 'acceptance.json'), '[broken');
  const other = new AcceptanceTracker(follower.dir);
  follower.offer('abcd');
  other.offered(URI, { id: '9', text: 'abcd', start: 0, end: 0, confidence: 1 }, '');
  await other.dispose();
  assert.deepEqual(await follower.counts(), [2, 0, 0, 0, 0]);
  await follower.tracker.clear();
  assert.deepEqual(Object.values(await readCounters(follower.dir)), [0, 0, 0, 0, 0]);
});
