import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeFrame, FrameError, FrameReader, MAX_FRAME_BYTES } from '../../server/engine/frames.ts';

const MESSAGES = [{ type: 'a' }, { text: 'grüße 🙂 \ud800' }, 7, [], 'x'.repeat(1000)];
const STREAM = Buffer.concat(MESSAGES.map(encodeFrame));

/** What JSON carries of a value; a lone surrogate survives as an escape. */
const overJson = (value: unknown) => JSON.parse(JSON.stringify(value));

test('the layout is a little-endian length and JSON', () => {
  assert.deepEqual(encodeFrame({ a: 1 }), Buffer.from([7, 0, 0, 0, ...Buffer.from('{"a":1}')]));
});

for (const size of [1, 2, 3, 5, 17, STREAM.length]) {
  test(`messages survive chunks of ${size} bytes`, () => {
    const reader = new FrameReader();
    const received: unknown[] = [];
    for (let at = 0; at < STREAM.length; at += size) {
      received.push(...reader.push(STREAM.subarray(at, at + size)));
    }
    assert.deepEqual(received, overJson(MESSAGES));
  });
}

test('text where a frame should be is refused', () => {
  assert.throws(() => new FrameReader().push(Buffer.from('Error: something printed this\n')), FrameError);
});

test('a body that is not JSON is refused', () => {
  const frame = Buffer.from([3, 0, 0, 0, ...Buffer.from('{a}')]);
  assert.throws(() => new FrameReader().push(frame), /not JSON/);
});

test('a frame over the limit is neither sent nor awaited', () => {
  assert.throws(() => encodeFrame('x'.repeat(MAX_FRAME_BYTES)), FrameError);
  const header = Buffer.alloc(4);
  header.writeUInt32LE(MAX_FRAME_BYTES + 1);
  assert.throws(() => new FrameReader().push(header), /no frame/);
});
