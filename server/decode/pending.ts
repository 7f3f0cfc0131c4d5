import type { Distribution } from './distribution.ts';
import { type Alternative, type PendingRows, windowPlaces } from './pending-windows.ts';
import { chanceOf } from './proposals.ts';
import type { Choice } from './recorder.ts';
import type { Session } from './session.ts';

/** Tokens that are not in the cache yet. The first is settled; the others are proposals to be verified. */
export interface Pending {
  ids: number[];
  /** What proposal i, token i + 1, was drawn from. */
  proposals: Distribution[];
  /** How probable the proposals were then. */
  probabilities: number[];
  /** The likeliest token in place of one of them. */
  alternative?: Alternative;
}

/** What a forward is fed; `open`: the response may go on after the pending tokens; `width`: positions that a window may have. */
export function fedRows(
  session: Session,
  { ids, probabilities, alternative: other }: Pending,
  open: boolean,
  width: (after: number) => number,
): PendingRows {
  // What may be the last token of the response needs no row.
  const clean = open ? ids : ids.slice(0, -1);
  const { windowChance = 1 } = session.settings;
  const worthIt = other && other.chance >= windowChance && width(other.after + 1) > 0;
  const alternative = worthIt ? other : undefined;
  const places = session.decidesByPolicy
    ? [probabilities.length + 1]
    : windowPlaces(probabilities, windowChance, alternative);
  const behind = places.filter((after) => after <= clean.length).map((after) => ({ after }));
  let first = clean.length + (alternative ? 1 : 0);
  const windows = [...behind, ...(alternative ? [{ after: alternative.after + 1, alternative: true }] : [])]
    .filter(({ after }) => width(after) > 1)
    .map((place) => {
      const rows = width(place.after) - 1;
      first += rows;
      return { ...place, first: first - rows, rows };
    });
  return { clean, alternative, windows };
}

/** Masked positions that are recorded: as far as anything reaches that is fed behind the pending tokens. */
export function maskedBehind({ alternative, windows }: PendingRows, pending: number, open: number): number {
  const ends = windows.map(({ after, rows }) => after + rows + 1);
  if (alternative) ends.push(alternative.after + 2);
  return Math.max(open, ...ends.map((end) => end - pending));
}

/** What is pending behind a step: the token that it settled last, and the proposals after it. */
export function proposed(
  session: Session,
  settled: Choice | undefined,
  proposals: readonly Choice[],
): Pending {
  return {
    ids: [...(settled ? [settled] : []), ...proposals].map(({ id }) => id),
    proposals: proposals.map(({ distribution }) => session.proposal(distribution)),
    probabilities: proposals.map(chanceOf),
    alternative: likeliestAlternative(session, proposals),
  };
}

/** The likeliest of the second choices where decoding is greedy, but for those that end the response. */
function likeliestAlternative(session: Session, proposals: readonly Choice[]): Alternative | undefined {
  if (session.settings.temperature > 0 || session.decidesByPolicy) return undefined;
  let standing = 1;
  const others = proposals.flatMap((choice, i) => {
    const [, id] = choice.distribution.ids;
    const chance = standing * Math.exp(choice.distribution.logProbs[1]);
    standing *= chanceOf(choice);
    const none = choice.source === 'clean' || id === undefined || session.endsResponse(id);
    return none ? [] : [{ after: i + 1, id, chance }];
  });
  return others.reduce<Alternative | undefined>(
    (best, other) => (best && best.chance >= other.chance ? best : other),
    undefined,
  );
}
