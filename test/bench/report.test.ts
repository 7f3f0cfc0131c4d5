import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodingRows, type Round } from '../../server/bench/decoding.ts';
import { compareWithPeer, renderReport } from '../../server/bench/report.ts';
import { median, percentile } from '../../server/bench/statistics.ts';
import type { Trajectory } from '../../server/protocol.ts';

/** A trajectory of `tokens` response tokens in `forwards` forwards, one in ten of them a commit. */
function decoded(tokens: number, forwards: number, milliseconds: number): Trajectory {
  return {
    responseIds: Array(tokens).fill(1),
    forwards: { prefill: 1, denoise: forwards * 0.9, total: forwards },
    ms: { load: 0, prefill: 5, decode: milliseconds },
  } as unknown as Trajectory;
}

const ROUNDS: Round[] = [
  { 'lines, ar': [decoded(10, 10, 100), decoded(20, 20, 300)], 'lines, verified': [decoded(30, 20, 200)] },
  { 'lines, ar': [decoded(10, 10, 150), decoded(20, 20, 150)], 'lines, verified': [decoded(30, 20, 400)] },
];

test('percentiles by nearest rank', () => {
  assert.equal(percentile([4, 1, 3, 2], 0.5), 2);
  assert.equal(percentile([4, 1, 3, 2], 0.95), 4);
  assert.equal(percentile([7], 0), 7);
  assert.equal(median([3, 1, 2]), 2);
});

test('a decoding row sums over the documents and takes the best round', () => {
  const [ar, verified] = decodingRows(ROUNDS);
  assert.deepEqual(ar, {
    name: 'lines, ar',
    tokensPerSecond: 100,
    msPerForward: 10,
    medianMsPerForward: 10,
    tpf: { denoise: 30 / 27, total: 1 },
  });
  assert.equal(verified.tokensPerSecond, 150);
  assert.equal(verified.tpf?.total, 1.5);
});

test('a comparison takes the best round of every way to run the peer, and the best way', () => {
  const peer = (tokensPerSecond: number, prefillTokensPerSecond: number) => ({
    name: `peer ${prefillTokensPerSecond}`,
    tokensPerSecond,
    prefillTokensPerSecond,
  });
  const comparison = compareWithPeer(ROUNDS, [
    [peer(50, 500), peer(90, 600)],
    [peer(75, 500), peer(60, 600)],
  ]);
  assert.deepEqual(comparison.peers, [peer(75, 500), peer(90, 600)]);
  assert.deepEqual(comparison.best, peer(90, 600));
  assert.deepEqual(comparison.ours, [
    { decode: 'ar', tokensPerSecond: 100, ratio: 100 / 90 },
    { decode: 'verified', tokensPerSecond: 150, ratio: 150 / 90 },
  ]);
  const text = renderReport({
    model: 'm',
    threads: 1,
    rows: decodingRows(ROUNDS),
    completion: { requests: 3, p50: 10, p95: 20 },
    coldStartMs: 1000,
    residentBytes: null,
    against: comparison,
  });
  assert.match(text, /unmask verified +150\.0 tokens\/s +1\.67 × peer 600/);
});
