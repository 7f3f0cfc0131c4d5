import type { ForwardResult } from './denoiser.ts';
import type { Choice } from './recorder.ts';
import type { Response } from './response.ts';
import type { Rows } from './rows.ts';
import type { Session } from './session.ts';

/** Best tokens of a row that a beam may go on with. */
export const BRANCHES = 16;

/** One of the responses that are decoded side by side. */
export interface Beam {
  /** Its tokens, each with the distribution that it was taken from. */
  choices: readonly Choice[];
  response: Response;
  /** Natural log of its probability; of one that has ended, of all beams found that ended with its text. */
  logProb: number;
  /** Columns of the cache that it sees behind the prompt's: the last token of that and its own tokens but the last. */
  columns: readonly number[];
}

/** The beam that every other grows from. */
export function firstBeam(session: Session): Beam {
  return { choices: [], response: session.newResponse(), logProb: 0, columns: [] };
}

/**
 * The last token of every beam as a clean row, which sees the first `prompt` columns of the cache and those of its beam.
 * `cached`: columns in the cache.
 */
export function beamRows(session: Session, beams: readonly Beam[], prompt: number, cached: number): Rows {
  const columns = beams.map((beam) => new Set(beam.columns));
  return {
    ids: beams.map(({ choices }) => choices.at(-1)?.id ?? session.promptIds[prompt]),
    positions: beams.map(({ choices }) => prompt + choices.length),
    visible: (row, column) => column < prompt || column === cached + row || columns[row].has(column),
  };
}

/** The beams that go on from one by a token; `row`: its row among the selected ones, `column`: that row's in the cache. */
export function successors(
  session: Session,
  beam: Beam,
  result: ForwardResult,
  row: number,
  column: number,
): Beam[] {
  const distribution = session.nextDistribution(result, row, beam.response);
  const columns = [...beam.columns, column];
  return distribution.ids.slice(0, BRANCHES).map((id, i) => {
    const choice: Choice = { position: beam.choices.length, id, distribution, source: 'clean' };
    const choices = [...beam.choices, choice];
    const response = session.newResponse();
    response.settle(choices.map((one) => one.id));
    return { choices, response, logProb: beam.logProb + distribution.logProbs[i], columns };
  });
}

/** The ended beams by falling probability. Those of one text are one, by the tokens that were found first. */
export class EndedBeams {
  readonly #byText = new Map<string, Beam>();

  add(beam: Beam): void {
    const { text } = beam.response;
    const same = this.#byText.get(text);
    this.#byText.set(text, same ? { ...same, logProb: logOfSum(same.logProb, beam.logProb) } : beam);
  }

  best(count: number): Beam[] {
    return [...this.#byText.values()].sort((a, b) => b.logProb - a.logProb).slice(0, count);
  }
}

/** log(e^a + e^b). */
function logOfSum(a: number, b: number): number {
  return Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
}
