import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AttentionChunk, attentionChunks } from '../../kernels/training/attention-chunks.ts';

type Visible = (row: number, column: number) => boolean;

/** Scores that are computed. */
const area = (chunks: readonly AttentionChunk[]) =>
  chunks.reduce((sum, { rows, columns }) => sum + rows.length * columns.length, 0);

const causal: Visible = (row, column) => column <= row;
const twoSamples: Visible = (row, column) => column <= row && row < 32 === column < 32;
/** 32 clean rows, then windows of 4 at clean row 1, 5, 9, …, which see the clean rows before and each other. */
const windows: Visible = (row, column) => {
  if (row < 32) return column <= row;
  const window = Math.floor((row - 32) / 4);
  return column < 32 ? column <= 4 * window : Math.floor((column - 32) / 4) === window;
};

for (const [name, visible, most] of [
  ['causal', causal, 64 * 64 * 0.625],
  ['two samples', twoSamples, 2 * 32 * 32 * 0.75],
  ['windows', windows, 64 * 64 * 0.5],
  ['full', () => true, 64 * 64],
] as const satisfies readonly (readonly [string, Visible, number])[]) {
  test(`chunks hold every row once and exactly the columns that one of their rows sees: ${name}`, () => {
    const chunks = attentionChunks(64, 4, visible);
    assert.deepEqual(
      chunks.flatMap(({ rows }) => rows).sort((a, b) => a - b),
      [...Array(64).keys()],
    );
    for (const { rows, columns } of chunks) {
      const seen = [...Array(64).keys()].filter((column) => rows.some((row) => visible(row, column)));
      assert.deepEqual(columns, seen);
    }
    assert.ok(area(chunks) <= most, `${area(chunks)} of ${most}`);
  });
}

test('a chunk whose rows see nothing has a column', () => {
  const chunks = attentionChunks(8, 4, (row, column) => row >= 2 && column <= row);
  assert.deepEqual(chunks[0], { rows: [0, 1], columns: [0] });
});
