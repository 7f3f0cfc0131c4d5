import type { ForwardResult, SamplerHead } from './denoiser.ts';
import { type Distribution, probabilityOf, rowState, scoreDistribution } from './distribution.ts';
import { likeliestFollower, lookup } from './lookup.ts';
import type { Choice } from './recorder.ts';
import type { Session } from './session.ts';

/** Proposals that prompt lookup makes at most of a step: each is a row of the next forward. */
const MOST_LOOKED_UP = 8;

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

/**
 * Goes on behind `known`, the last settled token and the proposals after it, with what prompt lookup finds, as long as all
 * of it stands with a chance of at least the threshold and none may end the response. No row of a window is needed for that.
 */
export function lookFurther(session: Session, known: readonly Choice[]): Choice[] {
  const { settings, promptIds, response } = session;
  if (session.lookup === 0) return [];
  const [settled, ...proposals] = known;
  const text = [...promptIds, ...response.ids, ...proposals.map(({ id }) => id)];
  let standing = proposals.reduce((product, choice) => product * chanceOf(choice), 1);
  const choices: Choice[] = [];
  while (choices.length < MOST_LOOKED_UP) {
    const position = settled.position + known.length + choices.length;
    const found = likeliestFollower(text);
    if (!found || position >= settings.maxTokens || session.endsResponse(text[text.length - 1])) break;
    standing *= found.chance;
    if (standing < settings.threshold) break;
    const distribution = { ids: [found.id], logProbs: [Math.log(found.chance)] };
    choices.push({ position, id: found.id, distribution, source: 'lookup' });
    text.push(found.id);
  }
  return choices;
}

/** The chance that a proposal stands. A clean row is not mistaken about what verification will find. */
export function chanceOf({ distribution, id, source }: Choice): number {
  return source === 'clean' ? 1 : probabilityOf(distribution, id);
}

/** What the sampler head is asked of one row. */
interface ChainRow {
  /** [hiddenSize] */
  hidden: Float32Array;
  candidates: number[];
  /** Added to the scores of a sample, [candidates]; zeros where decoding is greedy. */
  noise: number[];
}

/**
 * The sampler head's chain, its scores raised by what prompt lookup finds behind the tokens chosen so far. Where that
 * changes a token, the rows behind it are rescored given the other one.
 */
async function chain(
  session: Session,
  head: SamplerHead,
  result: ForwardResult,
  { first, count }: { first: number; count: number },
  position: number,
  previous: number,
): Promise<Choice[]> {
  const { temperature } = session.settings;
  const weight = session.lookup;
  const rows = chainRows(session, head, result, first, count);
  const text = [...session.promptIds, ...session.response.ids.slice(0, position - 1), previous];
  const choices: Choice[] = [];
  while (choices.length < count) {
    const rest = rows.slice(choices.length);
    const chained = await rescore(head, rest, text[text.length - 1], temperature);
    for (const [i, { candidates, noise }] of rest.entries()) {
      const found = weight > 0 ? lookup(text, candidates) : candidates.map(() => 0);
      const scores = found.map((share, k) => chained.scores[i][k] + (weight * share) / (temperature || 1));
      const id = candidates[indexOfMost(scores.map((score, k) => score + noise[k]))];
      const row = first + choices.length;
      const distribution: Distribution = {
        ...scoreDistribution(candidates, scores),
        ...rowState(result, row),
      };
      const before = text[text.length - 1];
      choices.push({
        position: position + choices.length,
        id,
        distribution,
        source: 'noisy',
        previous: before,
      });
      text.push(id);
      if (id !== chained.chosen[i]) break;
    }
  }
  return choices;
}

function chainRows(
  { settings, random }: Session,
  head: SamplerHead,
  { hidden, topIds, logSumExp }: ForwardResult,
  first: number,
  count: number,
): ChainRow[] {
  if (!hidden) throw new Error('The denoiser has a sampler head but returned no hidden states.');
  const [size, width] = [hidden.length / logSumExp.length, topIds.length / logSumExp.length];
  return Array.from({ length: count }, (_, i) => {
    const from = (first + i) * width;
    const candidates = [...topIds.subarray(from, from + Math.min(head.candidates, width))];
    return {
      hidden: hidden.subarray((first + i) * size, (first + i + 1) * size),
      candidates,
      noise: candidates.map(() => (settings.temperature > 0 ? random.gumbel() : 0)),
    };
  });
}

/** One chain over some rows: a token for each, and the scores of its candidates. */
async function rescore(
  head: SamplerHead,
  rows: readonly ChainRow[],
  previous: number,
  temperature: number,
): Promise<{ chosen: Int32Array; scores: Float32Array[] }> {
  const { chosen, scores } = await head.chain({
    hidden: Float32Array.from(rows.flatMap(({ hidden }) => [...hidden])),
    candidates: Int32Array.from(rows.flatMap(({ candidates }) => candidates)),
    previous,
    noise: Float32Array.from(rows.flatMap(({ noise }) => noise)),
    temperature: temperature || 1,
  });
  const width = scores.length / rows.length;
  return { chosen, scores: rows.map((_, i) => scores.subarray(i * width, (i + 1) * width)) };
}

function indexOfMost(values: readonly number[]): number {
  return values.reduce((most, value, i) => (value > values[most] ? i : most), 0);
}
