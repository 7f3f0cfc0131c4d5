import type { ForwardResult } from './denoiser.ts';
import type { Distribution } from './distribution.ts';
import { propose } from './proposals.ts';
import type { Choice } from './recorder.ts';
import { causalRows, cleanCount, type Window } from './rows.ts';
import type { Session } from './session.ts';

/**
 * Threshold decoding of a causal model by a sliding window that starts at the first masked position. Tokens revealed
 * without a gap are fed as clean rows by the next forward; the window's other rows are noisy.
 *
 * The prediction for the first masked position is what the model would write next, token by token: every rule takes it for
 * certain, so that it is revealed and a forward gains one token at least. (The surest prediction wherever it stands, as
 * in blocks, would be written without what comes before it; the embedded model writes hardly a program that way.) A
 * learned policy decides about the others.
 */
export async function decodeByThreshold(session: Session): Promise<void> {
  const { cache, promptIds, response, settings } = session;
  const tokens: (number | null)[] = Array(settings.maxTokens).fill(null);
  let start = -1;
  // Only clean rows predict the first masked position, and not every forward has one: the last prediction holds.
  let first: Distribution | undefined;
  for (let ended = false; !ended; ) {
    const masked = response.ids.length;
    const window = windowOf(promptIds, tokens, start, masked + settings.window);
    const clean = masked - start;
    const select = [...window.keys()].filter((row) => window[row + 1] === null);
    const rows = causalRows(session.denoiser.spec, cache.length, window);
    const result = await session.forward('denoise', rows, select);
    result.commit(clean);
    if (clean > 0) first = session.nextDistribution(result, 0);
    if (!first) throw new Error('The first forward has a clean row.');
    const head = session.choose(masked, first, 'clean');
    // What has to be written next is decided token by token.
    const others =
      session.missingBeginning !== '' ? [] : await chooseMasked(session, result, window, select, start, head);
    // A sliding window has no first steps that could take more than the others.
    const span = { start: masked, size: settings.window };
    const choices = await session.reveal([head, ...others], span, Number.POSITIVE_INFINITY, head);
    for (const { position, id } of choices) tokens[position] = id;
    ended = response.settle(settledFrom(tokens, masked));
    session.recorder.step({
      kind: 'denoise',
      windowStart: start,
      window: [...window],
      revealed: choices,
      settled: response.ids.length,
    });
    start = masked;
  }
}

/** Tokens from position `start` to before `end`, the last prompt token standing at −1. */
function windowOf(
  promptIds: readonly number[],
  tokens: readonly (number | null)[],
  start: number,
  end: number,
): Window {
  const before = start < 0 ? promptIds.slice(start) : [];
  return [...before, ...tokens.slice(Math.max(0, start), end)];
}

/** A choice for every masked position after the first, run by run, each run following the token before it. */
async function chooseMasked(
  session: Session,
  result: ForwardResult,
  window: Window,
  select: readonly number[],
  start: number,
  head: Choice,
): Promise<Choice[]> {
  const clean = cleanCount(window);
  const choices: Choice[] = [];
  for (let at = select.findIndex((row) => row >= clean); at >= 0 && at < select.length; ) {
    let count = 1;
    while (select[at + count] === select[at] + count) count++;
    const row = select[at];
    const before = window[row] ?? (row === clean ? head.id : choices[choices.length - 1].id);
    choices.push(...(await propose(session, result, { first: at, count }, start + row + 1, before)));
    at += count;
  }
  return choices;
}

/** The tokens revealed without a gap from position `from` on. */
export function settledFrom(tokens: readonly (number | null)[], from: number): number[] {
  const gap = tokens.indexOf(null, from);
  return tokens.slice(from, gap < 0 ? undefined : gap) as number[];
}
