import type { ForwardResult } from './denoiser.ts';
import { type Distribution, probabilityOf } from './distribution.ts';
import { type PendingWindow, pendingRows, windowPlaces } from './pending-windows.ts';
import { propose } from './proposals.ts';
import type { Choice } from './recorder.ts';
import type { Session } from './session.ts';
import { verifyToken } from './speculative.ts';

/** Tokens that are not in the cache yet. The first is settled; the others are proposals to be verified. */
interface Pending {
  ids: number[];
  /** What proposal i, token i + 1, was drawn from. */
  proposals: Distribution[];
  /** How probable the proposals were then. */
  probabilities: number[];
}

/**
 * Verified decoding of a causal model. One forward carries `[pending tokens as clean rows | windows of W − 1 noisy rows]`.
 * Each clean row gives the autoregressive distribution of its successor, which verifies the next pending token; at the
 * first disagreement the rest is rolled back and the autoregressive token is taken. When all agree, the last clean
 * row gives one token more. The window behind the tokens that stand, if there is one, proposes those after it.
 *
 * The output is that of autoregressive decoding: the same tokens when greedy, the same distribution when sampled.
 */
export async function decodeVerified(session: Session): Promise<void> {
  const { cache, promptIds, response, settings } = session;
  // The last prompt token is fed with the first window, at position −1.
  let pending: Pending = { ids: promptIds.slice(-1), proposals: [], probabilities: [] };
  for (let start = -1, ended = false; !ended; ) {
    const { ids } = pending;
    const width = (after: number) => Math.min(settings.window, settings.maxTokens - (start + after));
    const open = width(ids.length) > 0 && mayGoOn(session, pending);
    // What may be the last token of the response needs no row.
    const clean = open ? ids : ids.slice(0, -1);
    const windows = windowsBehind(session, pending, clean.length, width);
    // The window that is recorded reaches as far as any that is fed.
    const ends = windows.map(({ after, rows }) => after + rows + 1 - ids.length);
    const masked = open ? width(ids.length) : Math.max(0, ...ends);
    const rows = pendingRows(session.denoiser.spec, cache.length, clean, windows);
    const result = await session.forward('denoise', rows, [...rows.ids.keys()]);
    const { kept, next, confirmed } = verify(session, result, start, pending, open);
    result.commit(Math.min(kept, clean.length));
    ended = response.settle([...ids.slice(1, kept), ...(next ? [next.id] : [])]);
    const window = windows.find(({ after }) => after === kept);
    const accepted =
      next && window && !ended && session.missingBeginning === ''
        ? await acceptedProposals(session, result, window, next)
        : [];
    session.recorder.step({
      kind: 'denoise',
      windowStart: start,
      window: [...ids, ...Array<null>(masked).fill(null)],
      revealed: next ? [next, ...accepted] : [],
      confirmed,
      rolledBack: ids.slice(kept).map((_, i) => start + kept + i),
      settled: response.ids.length,
    });
    start += kept;
    pending = {
      ids: [...(next ? [next] : []), ...accepted].map((choice) => choice.id),
      proposals: accepted.map(({ distribution }) => session.proposal(distribution)),
      probabilities: accepted.map(({ distribution, id }) => probabilityOf(distribution, id)),
    };
  }
}

/** Whether the response may go on after the pending tokens; the prompt may end with a stop token, so only proposals count. */
function mayGoOn(session: Session, { ids }: Pending): boolean {
  return !ids.slice(1).some((id) => session.isStopToken(id));
}

/** Windows behind the first of the pending tokens, of which `clean` are fed; `width`: positions that one may have there. */
function windowsBehind(
  session: Session,
  { probabilities }: Pending,
  clean: number,
  width: (after: number) => number,
): PendingWindow[] {
  const { windowChance = 1 } = session.settings;
  const places = session.decidesByPolicy
    ? [probabilities.length + 1]
    : windowPlaces(probabilities, windowChance);
  let first = clean;
  return places
    .filter((after) => after <= clean && width(after) > 1)
    .map((after) => {
      const rows = width(after) - 1;
      first += rows;
      return { after, first: first - rows, rows };
    });
}

interface Verdict {
  /** How many pending tokens stand. */
  kept: number;
  /** The autoregressive token after them. */
  next?: Choice;
  confirmed: Omit<Choice, 'source'>[];
}

/** Checks the pending tokens against the clean rows; `open`: the response may go on after them. */
function verify(
  session: Session,
  result: ForwardResult,
  start: number,
  { ids, proposals }: Pending,
  open: boolean,
): Verdict {
  const { temperature } = session.settings;
  const confirmed: Verdict['confirmed'] = [];
  for (let kept = 1; kept < ids.length; kept++) {
    const position = start + kept;
    const distribution = session.distribution(result, kept - 1);
    const id = verifyToken(distribution, proposals[kept - 1], ids[kept], temperature, session.random);
    if (id !== ids[kept]) return { kept, next: { position, id, distribution, source: 'clean' }, confirmed };
    confirmed.push({ position, id, distribution });
  }
  const kept = ids.length;
  if (!open) return { kept, confirmed };
  const next = session.choose(start + kept, session.nextDistribution(result, kept - 1), 'clean');
  return { kept, next, confirmed };
}

/** Proposals accepted from the left, until one is not or ends the response. */
async function acceptedProposals(
  session: Session,
  result: ForwardResult,
  { first, rows }: PendingWindow,
  next: Choice,
): Promise<Choice[]> {
  const choices = await propose(session, result, { first, count: rows }, next.position + 1, next.id);
  return session.accept(next, choices);
}
