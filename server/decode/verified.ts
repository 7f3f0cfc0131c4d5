import type { ForwardResult } from './denoiser.ts';
import type { Distribution } from './distribution.ts';
import { propose } from './proposals.ts';
import type { Choice } from './recorder.ts';
import { causalRows } from './rows.ts';
import type { Session } from './session.ts';
import { verifyToken } from './speculative.ts';

/** Tokens that are not in the cache yet. The first is settled; the others are proposals to be verified. */
interface Pending {
  ids: number[];
  /** What proposal i, token i + 1, was drawn from. */
  proposals: Distribution[];
}

/**
 * Verified decoding of a causal model. One forward carries `[pending tokens as clean rows | W − 1 noisy rows]`. Each
 * clean row gives the autoregressive distribution of its successor, which verifies the next pending token; at the
 * first disagreement the rest is rolled back and the autoregressive token is taken. When all agree, the last clean
 * row gives one token more, and the noisy rows propose those after it.
 *
 * The output is that of autoregressive decoding: the same tokens when greedy, the same distribution when sampled.
 */
export async function decodeVerified(session: Session): Promise<void> {
  const { cache, promptIds, response } = session;
  // The last prompt token is fed with the first window, at position −1.
  let pending: Pending = { ids: promptIds.slice(-1), proposals: [] };
  for (let start = -1, ended = false; !ended; ) {
    const { ids } = pending;
    const width = windowWidth(session, start, pending);
    const window = [...ids, ...Array<null>(width).fill(null)];
    const rows = causalRows(session.denoiser.spec, cache.length, window);
    const result = await session.forward('denoise', rows, [...rows.ids.keys()]);
    const { kept, next, confirmed } = verify(session, result, start, pending, width > 0);
    result.commit(Math.min(kept, rows.ids.length));
    ended = response.settle([...ids.slice(1, kept), ...(next ? [next.id] : [])]);
    const allAgree = kept === ids.length;
    const accepted =
      next && allAgree && !ended && session.missingBeginning === ''
        ? await acceptedProposals(session, result, ids.length, width - 1, next)
        : [];
    session.recorder.step({
      kind: 'denoise',
      windowStart: start,
      window,
      revealed: next ? [next, ...accepted] : [],
      confirmed,
      rolledBack: ids.slice(kept).map((_, i) => start + kept + i),
      settled: response.ids.length,
    });
    start += kept;
    pending = {
      ids: [...(next ? [next] : []), ...accepted].map((choice) => choice.id),
      proposals: accepted.map(({ distribution }) => session.proposal(distribution)),
    };
  }
}

/** Masked positions after the pending tokens; none when those may already be the end of the response. */
function windowWidth(session: Session, start: number, { ids }: Pending): number {
  // The prompt may end with a stop token, so only proposals count.
  if (ids.slice(1).some((id) => session.isStopToken(id))) return 0;
  return Math.min(session.settings.window, session.settings.maxTokens - (start + ids.length));
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
  first: number,
  count: number,
  next: Choice,
): Promise<Choice[]> {
  const choices = await propose(session, result, { first, count }, next.position + 1, next.id);
  return session.accept(next, choices);
}
