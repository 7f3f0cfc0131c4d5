import type { Denoiser, ForwardResult } from '../decode/denoiser.ts';
import type { SampleRows } from './objectives/objective.ts';

/** What a sampler head learns from some rows whose network is frozen. */
export interface HeadLessons {
  /** Normed hidden states, [rows, hiddenSize]. */
  hidden: Float32Array;
  /** The best tokens of every row, which are rescored, [rows, candidates]. */
  candidates: Float32Array;
  /** The weight of each candidate's −log p, [rows, candidates]. */
  labels: Float32Array;
  /** The token before the predicted one, [rows]. */
  previous: Float32Array;
}

/**
 * The chained rows of a sample as decoding has them: the forward is that of the engine, with its rounding. A row's
 * weights go to those of its candidates that are the target or among its teacher's best tokens; the teacher's
 * probabilities at `temperature`, scaled to a sum of 1 over its own best tokens. A row none of whose candidates has a
 * weight is left out: rescoring cannot put it right.
 */
export async function headLessons(
  denoiser: Denoiser,
  sample: SampleRows,
  count: number,
  temperature: number,
): Promise<HeadLessons> {
  const targets = sample.targets.filter(({ term }) => term === 'chained');
  const wanted = targets.flatMap(({ row, soft }) => (soft ? [row, soft.teacherRow] : [row]));
  const select = [...new Set(wanted)].sort((a, b) => a - b);
  const { ids, positions, visible } = sample;
  const cache = denoiser.newCache();
  const rows = { cache, ids, positions, visible, select, topK: count, hidden: true };
  const result = await denoiser.forward(rows);
  const places = new Map(select.map((row, place) => [row, place]));
  const perRow = result.topIds.length / select.length;
  const size = denoiser.spec.hiddenSize;

  const kept = targets.flatMap(({ row, token, weight, soft, previous }) => {
    const place = places.get(row)!;
    const candidates = result.topIds.subarray(place * perRow, (place + 1) * perRow);
    const taught = soft && teaching(result, places.get(soft.teacherRow)!, perRow, temperature);
    const labels = Array.from(
      candidates,
      (id) => (id === token ? weight : 0) + (taught ? soft.weight * (taught.get(id) ?? 0) : 0),
    );
    return labels.some((label) => label > 0) ? [{ place, candidates, labels, previous: previous! }] : [];
  });
  const hidden = new Float32Array(kept.length * size);
  for (const [i, { place }] of kept.entries()) {
    hidden.set(result.hidden!.subarray(place * size, (place + 1) * size), i * size);
  }
  return {
    hidden,
    candidates: Float32Array.from(kept.flatMap(({ candidates }) => [...candidates])),
    labels: Float32Array.from(kept.flatMap(({ labels }) => labels)),
    previous: Float32Array.from(kept, ({ previous }) => previous),
  };
}

/** The probabilities of a row's best tokens at a temperature, scaled to a sum of 1, by token. */
function teaching({ topIds, topLogits }: ForwardResult, place: number, count: number, temperature: number) {
  const from = place * count;
  const shares = Array.from(topLogits.subarray(from, from + count), (logit) =>
    Math.exp((logit - topLogits[from]) / temperature),
  );
  const sum = shares.reduce((total, share) => total + share, 0);
  return new Map(shares.map((share, i) => [topIds[from + i], share / sum]));
}
