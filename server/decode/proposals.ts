import type { ForwardResult, SamplerHead } from './denoiser.ts';
import { type Distribution, rowState, scoreDistribution } from './distribution.ts';
import type { Choice } from './recorder.ts';
import type { Session } from './session.ts';

/**
 * Chooses a token for each of the consecutive positions from `position` on, from the selected rows `first` …
 * `first + count − 1` of a forward: independently of each other, or chained by the sampler head where the model has
 * one, `previous` being the token before the first of them.
 */
export async function propose(
  session: Session,
  result: ForwardResult,
  rows: { first: number; count: number },
  position: number,
  previous: number,
): Promise<Choice[]> {
  if (rows.count === 0) return [];
  const { samplerHead } = session;
  if (samplerHead) return chain(session, samplerHead, result, rows, position, previous);
  return Array.from({ length: rows.count }, (_, i) =>
    session.choose(position + i, session.distribution(result, rows.first + i), 'noisy'),
  );
}

async function chain(
  session: Session,
  head: SamplerHead,
  result: ForwardResult,
  { first, count }: { first: number; count: number },
  position: number,
  previous: number,
): Promise<Choice[]> {
  const { hidden, topIds } = result;
  if (!hidden) throw new Error('The denoiser has a sampler head but returned no hidden states.');
  const selected = result.logSumExp.length;
  const [size, width] = [hidden.length / selected, topIds.length / selected];
  const perRow = Math.min(head.candidates, width);
  const rows = Array.from({ length: count }, (_, i) => {
    const from = (first + i) * width;
    return [...topIds.subarray(from, from + perRow)];
  });
  const sampled = session.settings.temperature > 0;
  const { chosen, scores } = await head.chain({
    hidden: hidden.subarray(first * size, (first + count) * size),
    candidates: Int32Array.from(rows.flat()),
    previous,
    noise: sampled ? Float32Array.from({ length: count * perRow }, () => session.random.gumbel()) : undefined,
    temperature: sampled ? session.settings.temperature : 1,
  });
  return rows.map((ids, i) => {
    const distribution: Distribution = {
      ...scoreDistribution(ids, [...scores.subarray(i * perRow, (i + 1) * perRow)]),
      ...rowState(result, first + i),
    };
    const before = i === 0 ? previous : chosen[i - 1];
    return { position: position + i, id: chosen[i], distribution, source: 'noisy', previous: before };
  });
}
