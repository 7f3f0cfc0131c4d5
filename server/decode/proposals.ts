import type { ForwardResult, SamplerHead } from './denoiser.ts';
import { probabilityOf, rowState, scoreDistribution } from './distribution.ts';
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
  const { hidden, topIds, logSumExp } = result;
  if (!hidden) throw new Error('The denoiser has a sampler head but returned no hidden states.');
  const [size, width] = [hidden.length / logSumExp.length, topIds.length / logSumExp.length];
  const { temperature } = session.settings;
  const candidates = Array.from({ length: count }, (_, i) => {
    const from = (first + i) * width;
    return [...topIds.subarray(from, from + Math.min(head.candidates, width))];
  });
  const noise = candidates.map((ids) => ids.map(() => (temperature > 0 ? session.random.gumbel() : 0)));
  const text = [...session.promptIds, ...session.response.ids.slice(0, position - 1), previous];
  const choices: Choice[] = [];
  while (choices.length < count) {
    const from = choices.length;
    const { chosen, scores } = await head.chain({
      hidden: hidden.subarray((first + from) * size, (first + count) * size),
      candidates: Int32Array.from(candidates.slice(from).flat()),
      previous: text[text.length - 1],
      noise: Float32Array.from(noise.slice(from).flat()),
      temperature: temperature || 1,
    });
    for (const [i, ids] of candidates.slice(from).entries()) {
      const row = from + i;
      const raised = raisedScores(session, text, ids, scores.subarray(i * ids.length, (i + 1) * ids.length));
      const id = ids[indexOfMost(raised.map((score, k) => score + noise[row][k]))];
      const distribution = { ...scoreDistribution(ids, raised), ...rowState(result, first + row) };
      const before = text[text.length - 1];
      choices.push({ position: position + row, id, distribution, source: 'noisy', previous: before });
      text.push(id);
      if (id !== chosen[i]) break;
    }
  }
  return choices;
}

/** The scores of the candidates behind `text`, with what prompt lookup adds to them. */
function raisedScores(
  { lookup: weight, settings }: Session,
  text: readonly number[],
  ids: readonly number[],
  scores: Float32Array,
): number[] {
  if (weight === 0) return [...scores];
  return lookup(text, ids).map((share, k) => scores[k] + (weight * share) / (settings.temperature || 1));
}

function indexOfMost(values: readonly number[]): number {
  return values.reduce((most, value, i) => (value > values[most] ? i : most), 0);
}
