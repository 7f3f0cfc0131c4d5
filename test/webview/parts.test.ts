import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { heatPath, windowMarks } from '../../webview/trace/heat.ts';
import { keyAction } from '../../webview/trace/keys.ts';
import { layOut, onOneLine, printable } from '../../webview/trace/layout.ts';
import { LiveSteps } from '../../webview/trace/live.ts';
import { worthRemembering } from '../../webview/trace/state.ts';
import { tickAt, timeline } from '../../webview/trace/timeline.ts';
import { cellWords, figures } from '../../webview/trace/words.ts';
import { reveal, savedTrace, step, traceOf } from './support/traces.ts';

describe('layout', () => {
  test('the parts of the lines are the text again', () => {
    const texts = ['def', ' f', '():\n', '    ', 'if x:\n\n  ', '', '\n', 'y'];
    const lines = layOut(texts);
    const text = lines.map((parts) => parts.map((part) => part.text).join('')).join('\n');
    assert.equal(text, texts.join(''));
    const firsts = lines.flat().filter(({ first }) => first);
    assert.deepEqual(
      firsts.map(({ position }) => position),
      [...texts.keys()],
    );
  });

  test('a token that ends its line says so and leaves nothing on the next', () => {
    assert.deepEqual(layOut(['a\n', 'b']), [
      [{ position: 0, text: 'a', first: true, breaks: true }],
      [{ position: 1, text: 'b', first: true, breaks: false }],
    ]);
  });

  test('characters that would change what stands around them become symbols', () => {
    assert.equal(printable('a\u202eb\u001b\r\n\t'), 'a\ufffdb␛\n\t');
    assert.equal(onOneLine('a\n\tb'), 'a⏎⇥b');
  });
});

describe('timeline', () => {
  const of = (...times: number[]) => times.map((milliseconds, i) => step(i, { milliseconds }));

  test('one trace has a tick for every step, even for steps that took no time', () => {
    const ticks = timeline([of(5, 0, 3)]);
    assert.deepEqual(
      ticks.map(({ shown }) => shown),
      [[0], [1], [2], [3]],
    );
  });

  test('two traces share a clock', () => {
    const ticks = timeline([of(4, 4), of(2, 2, 2)]);
    assert.deepEqual(ticks, [
      { time: 0, shown: [0, 0] },
      { time: 2, shown: [0, 1] },
      { time: 4, shown: [1, 2] },
      { time: 6, shown: [1, 3] },
      { time: 8, shown: [2, 3] },
    ]);
    assert.deepEqual(
      [0, 1.9, 2, 7, 100].map((time) => tickAt(ticks, time)),
      [0, 0, 1, 3, 4],
    );
  });

  test('no trace, or one without steps, is a beginning', () => {
    assert.deepEqual(timeline([]), [{ time: 0, shown: [] }]);
    assert.deepEqual(timeline([[]]), [{ time: 0, shown: [0] }]);
  });
});

test('the heat strip has a plateau for the tokens of one step and a gap where none was fixed', () => {
  assert.equal(heatPath([0, 0, 1, undefined, 2], 3), 'M0 3H0V2H2V1H3V3H4V0H5V3Z');
  assert.equal(heatPath([], 0), 'M0 0H0V0Z');
});

test('the ruler has a mark where a window began, and none outside the response', () => {
  const steps = [0, 2, 2, 5, -1].map((windowStart, i) => step(i, { windowStart }));
  assert.equal(windowMarks(steps, 5), 'M0 0V1M2 0V1');
});

describe('keys', () => {
  const press = (key: string, more = {}) => ({ key, ctrlKey: false, altKey: false, metaKey: false, ...more });

  test('arrows step on the page and move on a token; space plays on both', () => {
    assert.equal(keyAction(press('ArrowRight'), 'page'), 'forward');
    assert.equal(keyAction(press('ArrowRight'), 'token'), 'tokenRight');
    assert.equal(keyAction(press(' '), 'page'), 'play');
    assert.equal(keyAction(press(' '), 'token'), 'play');
    assert.equal(keyAction(press('End'), 'page'), 'last');
  });

  test('controls and the editor keep their keys', () => {
    assert.equal(keyAction(press(' '), 'control'), undefined);
    assert.equal(keyAction(press('ArrowLeft', { altKey: true }), 'page'), undefined);
    assert.equal(keyAction(press('x'), 'page'), undefined);
  });
});

describe('live steps', () => {
  test('all steps that arrive in one frame are drawn together, those of other requests never', () => {
    const frames: (() => void)[] = [];
    const drawn: number[][] = [];
    const live = new LiveSteps(
      (steps) => drawn.push(steps.map(({ index }) => index)),
      (callback) => frames.push(callback),
    );
    live.add(1, step(7, {}));
    live.begin(2);
    for (const index of [0, 1, 2]) live.add(2, step(index, {}));
    live.add(1, step(8, {}));
    assert.equal(frames.length, 1);
    frames.pop()!();
    live.add(2, step(3, {}));
    frames.pop()!();
    assert.deepEqual(drawn, [[0, 1, 2], [3]]);
  });

  test('what was on its way when another request began is dropped', () => {
    const frames: (() => void)[] = [];
    let draws = 0;
    const live = new LiveSteps(
      () => draws++,
      (callback) => frames.push(callback),
    );
    live.begin(1);
    live.add(1, step(0, {}));
    live.begin(2);
    frames.pop()!();
    assert.equal(draws, 0);
  });
});

test('a cell is told in words, without colours', () => {
  const put = reveal(2, '\n');
  assert.equal(cellWords(2, { state: 'masked' }), 'Token 3, masked');
  assert.equal(cellWords(2, { state: 'new', reveal: put }), 'Token 3, “⏎”, just revealed, confidence 90 %');
  assert.equal(cellWords(2, { state: 'takenBack', reveal: put }), 'Token 3, “⏎” taken back');
});

test('the header says how many beams there were', () => {
  const trajectory = savedTrace('ar');
  const { settings } = trajectory;
  const words = (beams?: number) =>
    new Map(figures({ ...trajectory, settings: { ...settings, beams } })).get('Mode');
  assert.equal(words(8), 'ar, 8 beams');
  assert.equal(words(1), words());
});

test('the header has both TPF figures, the times and where it ran', () => {
  const words = figures(savedTrace('verified')).map((pair) => pair.join(' '));
  for (const part of [
    'Tokens 20',
    'Forwards 10 (10 denoising)',
    '2.00 (2.00 denoising)',
    'Roll-backs 4',
    'Device cpu',
  ]) {
    assert.ok(
      words.some((each) => each.includes(part)),
      part,
    );
  }
});

test('traces too large to keep are forgotten, their place is not', () => {
  const small = { traces: [{ name: 'a', trajectory: traceOf(['x']) }], tick: 1 };
  assert.deepEqual(worthRemembering(small), small);
  const large = { traces: [{ name: 'x'.repeat(4_000_001), trajectory: traceOf(['x']) }], tick: 1 };
  assert.deepEqual(worthRemembering(large), { traces: [], tick: 1 });
});
