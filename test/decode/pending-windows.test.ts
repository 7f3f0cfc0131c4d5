import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode } from '../../server/decode/decode.ts';
import { pendingRows, windowPlaces } from '../../server/decode/pending-windows.ts';
import { causalRows } from '../../server/decode/rows.ts';
import { LETTERS, testRandom, tinyDenoiser, tinySpec } from '../support/tiny-model.ts';

test('windows stand where decoding goes on with enough chance, and at the likeliest place', () => {
  // Chances: 0.2 that the first proposal falls, 0.8 · 0.5 that the second does, 0.4 that both stand.
  assert.deepEqual(windowPlaces([0.8, 0.5], 0), [1, 2, 3]);
  assert.deepEqual(windowPlaces([0.8, 0.5], 0.2000001), [2, 3]);
  assert.deepEqual(windowPlaces([0.9, 0.8], 1), [3]);
  assert.deepEqual(windowPlaces([0.3, 0.9], 1), [1]);
  assert.deepEqual(windowPlaces([], 1), [1]);
});

test('a window behind a token whose place an alternative may take is worth less', () => {
  const alternative = { after: 1, id: 0, chance: 0.15 };
  assert.deepEqual(windowPlaces([0.8, 0.5], 0.2, alternative), [2, 3]);
  assert.deepEqual(windowPlaces([0.8, 0.5], 0.04, alternative), [1, 2, 3]);
});

test('the chances are those of a walk through the proposals', () => {
  const random = testRandom(3);
  for (let run = 0; run < 20; run++) {
    const probabilities = Array.from({ length: 1 + Math.floor(random() * 5) }, random);
    const counts = Array<number>(probabilities.length + 1).fill(0);
    for (let walk = 0; walk < 4000; walk++) {
      const falls = probabilities.findIndex((probability) => random() >= probability);
      counts[falls < 0 ? probabilities.length : falls]++;
    }
    for (const [i, count] of counts.entries()) {
      const share = count / 4000;
      if (share > 0.05) assert.ok(windowPlaces(probabilities, share - 0.04).includes(i + 1));
      const likeliest = windowPlaces(probabilities, 1)[0];
      if (share + 0.04 < 1 && likeliest !== i + 1)
        assert.ok(!windowPlaces(probabilities, share + 0.04).includes(i + 1));
    }
  }
});

test('a window behind the last token gives the rows of a plain window, one before it hides what follows', () => {
  const spec = tinySpec({ blockSize: 6 });
  const cached = 3;
  const seen = (rows: ReturnType<typeof pendingRows>) => ({
    ...rows,
    visible: rows.ids.map((_, row) =>
      Array.from({ length: cached + rows.ids.length }, (_, column) => rows.visible(row, column)),
    ),
  });
  const plain = causalRows(spec, cached, [4, 5, null, null, null]);
  const behindLast = pendingRows(spec, cached, {
    clean: [4, 5],
    windows: [{ after: 2, first: 2, rows: 2 }],
  });
  assert.deepEqual(seen(behindLast), seen(plain));

  const both = pendingRows(spec, cached, {
    clean: [4, 5],
    windows: [
      { after: 1, first: 2, rows: 2 },
      { after: 2, first: 4, rows: 2 },
    ],
  });
  assert.deepEqual(both.positions, [3, 4, 4, 5, 5, 6]);
  const columns = seen(both).visible.map((row) => row.map(Number).join(''));
  assert.deepEqual(columns, [
    '111100000',
    '111110000',
    // The cache, the first pending token and its window; the second pending token is not for it.
    '111101100',
    '111101100',
    '111110011',
    '111110011',
  ]);

  const other = pendingRows(spec, cached, {
    clean: [4, 5, 2],
    alternative: { after: 1, id: 6, chance: 0.3 },
    windows: [
      { after: 3, first: 4, rows: 1 },
      { after: 2, alternative: true, first: 5, rows: 2 },
    ],
  });
  assert.deepEqual(other.ids, [4, 5, 2, 6, 8, 8, 8]);
  assert.deepEqual(other.positions, [3, 4, 5, 4, 6, 5, 6]);
  assert.deepEqual(
    seen(other).visible.map((row) => row.map(Number).join('')),
    [
      '1111000000',
      '1111100000',
      '1111110000',
      // The alternative to the second pending token sees the first and itself.
      '1111001000',
      '1111110100',
      // Its window sees it too.
      '1111001011',
      '1111001011',
    ],
  );
});

test('with windows behind every token each forward makes a whole window of tokens, whatever was rolled back', async () => {
  let [rollbacks, alternatives] = [0, 0];
  for (let seed = 1; seed <= 40; seed++) {
    const denoiser = tinyDenoiser(tinySpec({ blockSize: 4, stopTokenIds: [] }), seed, seed % 2 ? 3 : 0);
    const settings = { threshold: 0, window: 4, windowChance: 0, maxTokens: 14 };
    const hooks = { cancelled: () => false, candidates: 0 };
    const trajectory = await decode(denoiser, LETTERS, denoiser.newCache(), [1, 2, 3], settings, hooks);
    for (const { revealed, settled } of trajectory.steps) {
      const room = settings.maxTokens - settled;
      if (room === 0) continue;
      // An alternative that stands says the next token beside those of its window.
      const more = revealed.filter(({ source }) => source === 'clean').length - 1;
      const fromRows = revealed.filter(({ source }) => source !== 'lookup');
      assert.equal(fromRows.length, Math.min(settings.window + more, room + 1), `seed ${seed}`);
      alternatives += more;
    }
    rollbacks += trajectory.rollbacks;
  }
  assert.ok(rollbacks > 40, `${rollbacks} roll-backs`);
  assert.ok(alternatives > 5, `${alternatives} alternatives`);
});
