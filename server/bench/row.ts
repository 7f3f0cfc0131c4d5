import type { Tpf } from '../protocol.ts';

/** One measured line. What a line does not say is null. Of repeated runs the best counts; other work only slows. */
export interface BenchRow {
  name: string;
  tokensPerSecond: number | null;
  msPerForward: number | null;
  /** The same, median instead of best. */
  medianMsPerForward: number | null;
  tpf: Tpf | null;
}

/** A row with what is known of it. */
export function row(name: string, values: Partial<BenchRow>): BenchRow {
  return { name, tokensPerSecond: null, msPerForward: null, medianMsPerForward: null, tpf: null, ...values };
}
