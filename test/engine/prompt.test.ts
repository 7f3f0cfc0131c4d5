import assert from 'node:assert/strict';
import { test } from 'node:test';
import { promptIds, promptTokens } from '../../server/engine/prompt.ts';
import { chatMl } from '../../server/models/families/chat.ts';
import type { DenoiserSpec } from '../../server/models/spec.ts';

const SPECIAL = ['<|im_start|>', '<|im_end|>'];

/** One id per word with its space before it, or per other character; ids 0 … 9 stay free for markers. */
const codec = {
  encode: (text: string) => (text.match(/ ?\w+|[\s\S]/gu) ?? []).map((piece) => 10 + hash(piece)),
  specialToken: (name: string) => SPECIAL.indexOf(name) + 1 || undefined,
  tokenText: () => '',
  stream: () => ({ push: () => '' }),
};

function hash(piece: string): number {
  let value = 7;
  for (const unit of piece) value = (value * 31 + (unit.codePointAt(0) ?? 0)) % 1_000_003;
  return value;
}

const FIM = {
  order: 'suffix-prefix-middle' as const,
  suffixTokenId: 8,
  prefixTokenId: 9,
  endTokenId: 0,
};
const SPEC = { stopTokenIds: [0], fim: FIM } as unknown as DenoiserSpec;
const PLAIN = { stopTokenIds: [0] } as unknown as DenoiserSpec;

function ids(prefix: string, suffix: string, budget: number, spec = SPEC, fim = true): number[] {
  return promptIds({ prefix, suffix, fim, budget }, spec, codec, 8000);
}

const CODE = Array.from({ length: 120 }, (_, i) =>
  i % 7 === 0 ? '' : `${' '.repeat((i % 3) * 4)}value_${i} = compute(value_${i - 1}, ${i * i})`,
).join('\n');

test('a short text is kept whole, suffix first', () => {
  assert.deepEqual(ids('a =', '\nb', 100), [8, ...codec.encode('\nb'), 9, ...codec.encode('a =')]);
});

test('prefix-suffix-middle order ends with the middle marker', () => {
  const fim = { ...FIM, order: 'prefix-suffix-middle' as const, middleTokenId: 5 };
  const spec = { ...SPEC, fim } as DenoiserSpec;
  assert.deepEqual(ids('a', 'b', 100, spec), [9, ...codec.encode('a'), 8, ...codec.encode('b'), 5]);
});

test('what stands around the response is said where it is to fill in between', () => {
  const around = { before: codec.encode('a ='), ids: codec.encode('\nb = 1') };
  const asked = { prefix: 'a =', suffix: '\nb = 1', fim: true, budget: 100 };
  assert.deepEqual(promptTokens(asked, SPEC, codec, 8000).following, around);
  const fim = { ...FIM, order: 'prefix-suffix-middle' as const, middleTokenId: 5 };
  assert.deepEqual(promptTokens(asked, { ...SPEC, fim } as DenoiserSpec, codec, 8000).following, around);
  assert.equal(promptTokens({ ...asked, fim: false }, SPEC, codec, 8000).following, undefined);
});

test('without fill-in-the-middle the prompt is the prefix', () => {
  assert.deepEqual(ids('a b', 'c', 100, PLAIN), codec.encode('a b'));
  assert.deepEqual(ids('a b', 'c', 100, SPEC, false), codec.encode('a b'));
});

test('an empty plain prompt follows the end of another text', () => {
  assert.deepEqual(ids('', '', 100, PLAIN), [0]);
});

for (const budget of [1, 2, 3, 7, 40, 384]) {
  test(`no prompt is over ${budget} tokens, and it ends with the text before the cursor`, () => {
    for (const prefix of [CODE, CODE.replaceAll('\n', ' ').trimEnd(), '\n'.repeat(500), '\n', 'x', '']) {
      const prompt = ids(prefix, CODE, budget, PLAIN);
      assert.ok(prompt.length <= Math.max(budget, 1));
      if (prefix) assert.deepEqual(prompt, codec.encode(prefix).slice(-prompt.length));
      const fim = ids(prefix, CODE, budget);
      assert.ok(fim.length <= Math.max(budget, 2));
      const suffix = fim.slice(1, fim.indexOf(9));
      assert.ok(suffix.length <= budget / 4);
      assert.deepEqual(suffix, codec.encode(CODE).slice(0, suffix.length));
    }
  });
}

test('the room left by the response bounds the budget', () => {
  const prompt = promptIds({ prefix: CODE, suffix: '', fim: false, budget: 500 }, PLAIN, codec, 50);
  assert.ok(prompt.length <= 50);
});

test('typing moves the cut rarely, and never costs more than a part of the budget', () => {
  const budget = 200;
  const starts = new Set<string>();
  let lines = 0;
  for (let end = Math.floor(CODE.length / 2); end <= CODE.length; end++) {
    const prompt = ids(CODE.slice(0, end), '\nreturn value\n', budget);
    assert.ok(prompt.length > budget / 3);
    starts.add(prompt.slice(0, 40).join());
    if (CODE[end] === '\n') lines++;
  }
  // About a dozen lines fit; a cut that moved with every line would have as many starts as lines.
  assert.ok(lines > 50);
  assert.ok(starts.size <= lines / 3, `${starts.size} cuts in ${lines} lines`);
});

test('the cut does not depend on where the given text begins', () => {
  const whole = ids(CODE, '', 200);
  for (let skipped = 0; skipped < 60; skipped++) {
    const part = CODE.split('\n').slice(skipped).join('\n');
    assert.deepEqual(ids(part, '', 200), whole);
  }
});

test('a document of 10 MB or a line of 1 MB is cut before it is tokenised', () => {
  let characters = 0;
  const counting = {
    ...codec,
    encode(text: string) {
      characters += text.length;
      return codec.encode(text);
    },
  };
  const line = 'word '.repeat(200_000);
  for (const text of [CODE.repeat(2000), line]) {
    promptIds({ prefix: text, suffix: text, fim: true, budget: 384 }, SPEC, counting, 8000);
  }
  assert.ok(characters < 20_000, `${characters} characters tokenised`);
});

const CHAT = chatMl('Be kind.');
const FULL = { stopTokenIds: [0], cleanAttention: 'full', chat: CHAT } as unknown as DenoiserSpec;
const CHAT_ONLY = { stopTokenIds: [0], cleanAttention: 'block', chat: CHAT } as unknown as DenoiserSpec;
const infill = { prefix: 'a =', suffix: '\nb', fim: true, budget: 100 };

test('a model of full attention gets prefix and suffix around the response', () => {
  assert.deepEqual(promptTokens(infill, FULL, codec, 8000), {
    ids: codec.encode('a ='),
    suffixIds: codec.encode('\nb'),
    stopStrings: [],
  });
  for (const budget of [1, 2, 3, 7, 40, 384]) {
    const laid = promptTokens({ ...infill, prefix: CODE, suffix: CODE, budget }, FULL, codec, 8000);
    assert.ok(laid.ids.length + laid.suffixIds.length <= budget);
    assert.deepEqual(laid.suffixIds, codec.encode(CODE).slice(0, laid.suffixIds.length));
  }
});

test('a chat message stands in the layout of the model, and its text makes no special token', () => {
  const message = { prefix: 'Hi <|im_end|>', suffix: '', fim: false, chat: true, budget: 0 };
  const text = (part: string) => codec.encode(part);
  assert.deepEqual(promptTokens(message, CHAT_ONLY, codec, 8000).ids, [
    ...[1, ...text('system\nBe kind.'), 2, ...text('\n')],
    ...[1, ...text('user\n'), ...text('Hi <|im_end|>'), 2, ...text('\n')],
    ...[1, ...text('assistant\n')],
  ]);
  assert.throws(() => promptTokens(message, PLAIN, codec, 8000), /This model has no chat layout/);
  const other = { ...codec, specialToken: () => undefined };
  assert.throws(
    () => promptTokens(message, CHAT_ONLY, other, 8000),
    /tokenizer\.json has no token <\|im_end\|>/,
  );
});

test('a chat model without fill-in-the-middle rewrites the lines before the cursor and goes on', () => {
  const { ids, suffixIds, stopStrings } = promptTokens(infill, CHAT_ONLY, codec, 8000);
  assert.deepEqual(suffixIds, []);
  assert.deepEqual(stopStrings, ['\n```', '```']);
  assert.deepEqual(
    ids.slice(-codec.encode('assistant\n```\na =').length),
    codec.encode('assistant\n```\na ='),
  );
  assert.ok(ids.join().includes(codec.encode('```\n\nb\n```').join()));
  for (const room of [120, 200, 400]) {
    const long = { ...infill, prefix: CODE, suffix: CODE, budget: 0 };
    assert.ok(promptTokens(long, CHAT_ONLY, codec, room).ids.length <= room, `${room}`);
  }
});
