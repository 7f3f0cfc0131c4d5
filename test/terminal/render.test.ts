import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { Reveal, Step } from '../../server/protocol.ts';
import { UnmaskingView } from '../../server/terminal/render.ts';
import { terminalStyle, visible } from '../../server/terminal/style.ts';

const PLAIN = { colour: false, columns: 80 };

function reveal(position: number, text: string): Reveal {
  return { position, id: 40 + position, text, confidence: 1, logProb: 0, source: 'noisy' };
}

function step(index: number, parts: Partial<Step>): Step {
  return {
    index,
    kind: 'denoise',
    windowStart: 0,
    window: [null, null, null],
    revealed: [],
    confirmed: [],
    rolledBack: [],
    settled: 0,
    milliseconds: 12.34,
    ...parts,
  };
}

const STEPS = [
  step(0, { window: [null, null, null], revealed: [reveal(0, 'def'), reveal(1, ' f')] }),
  step(1, {
    window: [40, 41, null, null],
    rolledBack: [1],
    revealed: [reveal(1, ' g'), reveal(2, '(')],
  }),
  step(2, { windowStart: 1, window: [41, 42, null, null], revealed: [reveal(3, '):\n\t')] }),
];

test('each state of a token has a mark of its own', () => {
  const view = new UnmaskingView(PLAIN);
  assert.deepEqual(
    STEPS.map((each) => view.line(each)),
    ['  1   12.3 ms │ [def][ f]░', '  2   12.3 ms │ def[ g][(]░ ↶1', '  3   12.3 ms │ def g([):⏎⇥]░'],
  );
});

test('with colours the marks are the same', () => {
  const plain = new UnmaskingView(PLAIN);
  const coloured = new UnmaskingView({ ...PLAIN, colour: true });
  for (const each of STEPS) {
    const line = coloured.line(each);
    assert.ok(line.includes('\u001b[92m[') && line.includes('\u001b[90m░'));
    assert.equal(stripVTControlCharacters(line), plain.line(each));
  }
});

test('a long response shows its end', () => {
  const view = new UnmaskingView({ colour: false, columns: 40 });
  const texts = Array.from({ length: 20 }, (_, i) => reveal(i, `word${i}`));
  const window = texts.map(() => null);
  const line = view.line(step(0, { window: [...window, null], revealed: texts }));
  assert.ok(line.length <= 40);
  assert.match(line, /│ ….*\[word19\]░$/);
});

test('positions of the prompt in a first block are not drawn', () => {
  const view = new UnmaskingView(PLAIN);
  const line = view.line(
    step(0, { windowStart: -2, window: [5, 6, null, null], revealed: [reveal(0, 'a')] }),
  );
  assert.match(line, /│ \[a\]░$/);
});

test('no text of a model reaches the terminal as a command', () => {
  assert.equal(visible('a\u001b[31mb\u0007\u009b\r\n\t\u200b'), 'a␛[31mb␇\ufffd⏎⇥\ufffd');
});

test('colours are for terminals that want them', () => {
  const stream = (isTTY: boolean) => ({ isTTY, columns: 120 }) as NodeJS.WriteStream;
  assert.deepEqual(terminalStyle(stream(true), {}), { colour: true, columns: 120 });
  assert.equal(terminalStyle(stream(true), { NO_COLOR: '1' }).colour, false);
  assert.equal(terminalStyle(stream(false), {}).colour, false);
});
