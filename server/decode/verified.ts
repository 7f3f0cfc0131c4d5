import type { ForwardResult } from './denoiser.ts';
import { fedRows, maskedBehind, type Pending, proposed } from './pending.ts';
import { type PendingRows, pendingRows } from './pending-windows.ts';
import { lookFurther, propose } from './proposals.ts';
import type { Choice } from './recorder.ts';
import type { Session } from './session.ts';
import { verifyToken } from './speculative.ts';

/**
 * Verified decoding of a causal model. One forward carries `[pending tokens as clean rows | windows of W − 1 noisy rows]`.
 * Each clean row gives the autoregressive distribution of its successor, which verifies the next pending token; at the
 * first disagreement the rest is rolled back and the autoregressive token is taken. When all agree, the last clean
 * row gives one token more. The window behind the tokens that stand, if there is one, proposes those after it, and what the
 * text so far has behind the same tokens is proposed behind those.
 *
 * An alternative to one of the proposals may be fed beside it. Where it is the token that is taken, its row says what
 * comes next. That is proposed, not settled: the row stood behind columns that are not before it, and sums over columns
 * elsewhere may differ in their last bit.
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
    const fed = fedRows(session, pending, open, width);
    const rows = pendingRows(session.denoiser.spec, cache.length, fed);
    const result = await session.forward('denoise', rows, [...rows.ids.keys()]);
    const { kept, next, confirmed } = verify(session, result, start, pending, open);
    result.commit(Math.min(kept, fed.clean.length));
    ended = response.settle([...ids.slice(1, kept), ...(next ? [next.id] : [])]);
    const accepted =
      next && !ended && session.missingBeginning === ''
        ? await acceptedProposals(session, result, fed, kept, next)
        : [];
    const revealed = next ? [next, ...accepted] : [];
    // What lookup proposes may stand behind every window.
    const behind = Math.max(
      maskedBehind(fed, ids.length, open ? width(ids.length) : 0),
      kept + revealed.length - ids.length,
    );
    session.recorder.step({
      kind: 'denoise',
      windowStart: start,
      window: [...ids, ...Array<null>(behind).fill(null)],
      revealed,
      confirmed,
      rolledBack: ids.slice(kept).map((_, i) => start + kept + i),
      settled: response.ids.length,
    });
    start += kept;
    pending = proposed(session, next, accepted);
  }
}

/** Whether the response may go on after the pending tokens; the prompt may end with a stop token, so only proposals count. */
function mayGoOn(session: Session, { ids }: Pending): boolean {
  return !ids.slice(1).some((id) => session.endsResponse(id));
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

/**
 * Proposals after the token `next`, which follows `kept` pending ones: what its own row says where it was fed as an
 * alternative; those of the window behind, from the left, until one is not accepted or ends the response; and what prompt
 * lookup finds behind all of them.
 */
async function acceptedProposals(
  session: Session,
  result: ForwardResult,
  { clean, alternative, windows }: PendingRows,
  kept: number,
  next: Choice,
): Promise<Choice[]> {
  const stands = alternative?.after === kept && alternative.id === next.id;
  const known = [next];
  if (stands) {
    const said = session.distribution(result, clean.length);
    known.push(session.choose(next.position + 1, said, 'clean'));
  }
  const last = known[known.length - 1];
  const window = windows.find(
    (other) => other.after === kept + known.length - 1 && (other.alternative ?? false) === stands,
  );
  if (window && !(stands && session.endsResponse(last.id))) {
    const rows = { first: window.first, count: window.rows };
    const choices = await propose(session, result, rows, last.position + 1, last.id);
    const accepted = await session.accept(last, choices);
    known.push(...accepted);
    if (accepted.length < choices.length) return known.slice(1);
  }
  return [...known.slice(1), ...lookFurther(session, known)];
}
