import type { Trajectory } from '../protocol.ts';
import type { CompletionTimes } from './completions.ts';
import type { Round } from './decoding.ts';
import type { PeerResult } from './peer.ts';
import type { BenchRow } from './row.ts';
import { sum } from './statistics.ts';

export interface Comparison {
  /** Every way the peer was run, its best round. */
  peers: PeerResult[];
  /** The fastest of them. */
  best: PeerResult;
  /** Our tokens per second over all the peer's texts, and how many times the peer's best that is. */
  ours: { decode: string; tokensPerSecond: number; ratio: number }[];
}

export interface BenchReport {
  model: string;
  threads: number;
  rows: BenchRow[];
  completion: CompletionTimes;
  coldStartMs: number;
  residentBytes: number | null;
  against?: Comparison;
}

/** Best rounds of both sides, over all tasks together. */
export function compareWithPeer(rounds: readonly Round[], peerRounds: readonly PeerResult[][]): Comparison {
  const peers = peerRounds[0].map(({ name }, index) => ({
    name,
    tokensPerSecond: Math.max(...peerRounds.map((round) => round[index].tokensPerSecond)),
    prefillTokensPerSecond: Math.max(...peerRounds.map((round) => round[index].prefillTokensPerSecond)),
  }));
  const best = peers.reduce((a, b) => (b.tokensPerSecond > a.tokensPerSecond ? b : a));
  const modes = [...new Set(Object.keys(rounds[0]).map((name) => name.split(', ')[1]))];
  const ours = modes.map((decode) => {
    const speeds = rounds.map((round) =>
      tokensPerSecond(
        Object.entries(round).flatMap(([name, all]) => (name.endsWith(`, ${decode}`) ? all : [])),
      ),
    );
    const speed = Math.max(...speeds);
    return { decode, tokensPerSecond: speed, ratio: speed / best.tokensPerSecond };
  });
  return { peers, best, ours };
}

function tokensPerSecond(trajectories: readonly Trajectory[]): number {
  const tokens = sum(trajectories.map(({ responseIds }) => responseIds.length));
  return (tokens / sum(trajectories.map(({ ms }) => ms.decode))) * 1000;
}

/** The report for people. */
export function renderReport(report: BenchReport): string {
  const { model, threads, rows, completion, coldStartMs, residentBytes, against } = report;
  const lines = [
    `${model}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    ...rows.map(
      (row) =>
        `  ${row.name.padEnd(22)}${cell(row.msPerForward, 'ms/forward')}${cell(row.tokensPerSecond, 'tokens/s')}` +
        (row.tpf ? `  TPF ${row.tpf.denoise.toFixed(2)} (all calls ${row.tpf.total.toFixed(2)})` : ''),
    ),
    `  one-line completion   p50 ${completion.p50.toFixed(0)} ms, p95 ${completion.p95.toFixed(0)} ms of ${completion.requests} requests`,
    `  cold start            ${coldStartMs.toFixed(0)} ms`,
    `  resident memory       ${residentBytes === null ? 'unknown' : `${Math.round(residentBytes / 1e6)} MB`}`,
  ];
  if (against) {
    lines.push('', 'against llama.cpp, the same prompts and numbers of tokens, prompts not counted');
    for (const peer of against.peers) {
      const prefill = cell(peer.prefillTokensPerSecond, 'prefill');
      lines.push(`  ${peer.name.padEnd(42)}${cell(peer.tokensPerSecond, 'tokens/s')}${prefill}`);
    }
    for (const { decode, tokensPerSecond, ratio } of against.ours) {
      const own = `unmask ${decode}`.padEnd(42);
      lines.push(`  ${own}${cell(tokensPerSecond, 'tokens/s')}  ${ratio.toFixed(2)} × ${against.best.name}`);
    }
  }
  return lines.join('\n');
}

function cell(value: number | null, unit: string): string {
  return value === null ? '' : `${value.toFixed(1).padStart(9)} ${unit}`;
}
