import type { RevealRule } from '../../server/protocol.ts';

/** A masked position with what the policies look at. */
export interface Masked {
  position: number;
  probability: number;
  /** Nats. */
  entropy: number;
}

export interface PolicySettings {
  policy?: RevealRule;
  threshold: number;
  entropyBound?: number;
  factor?: number;
}

/** Whether a set of masked positions may be revealed together. */
type Allowed = (set: readonly Masked[], settings: PolicySettings) => boolean;

/** Of two sets of one size the better has the smaller cost, then the positions further left. */
interface Rule {
  allowed: Allowed;
  cost(masked: Masked): number;
}

const RULES: Record<RevealRule, Rule> = {
  dynamic: {
    allowed: (set, { threshold }) => set.every(({ probability }) => probability >= threshold),
    cost: ({ probability }) => -probability,
  },
  static: { allowed: () => false, cost: ({ probability }) => -probability },
  sequential: { allowed: () => false, cost: ({ position }) => position },
  entropy: {
    allowed: (set, { entropyBound = 0.35 }) =>
      set.reduce((sum, { entropy }) => sum + entropy, 0) < entropyBound,
    cost: ({ entropy }) => entropy,
  },
  factor: {
    allowed(set, { factor = 1 }) {
      const falling = set.map(({ probability }) => probability).sort((a, b) => b - a);
      return falling.every((probability, i) => i === 0 || probability >= 1 - factor / (i + 2));
    },
    cost: ({ probability }) => -probability,
  },
};

/**
 * The positions that a step reveals, found by trying every set of masked ones: the largest that the policy allows, or
 * `least` of them where that is smaller; among sets of one size the cheapest one.
 */
export function bruteForceReveal(
  masked: readonly Masked[],
  least: number,
  settings: PolicySettings,
): number[] {
  const { allowed, cost } = RULES[settings.policy ?? 'dynamic'];
  const sets = Array.from({ length: 2 ** masked.length }, (_, bits) =>
    masked.filter((_, i) => (bits >> i) & 1),
  );
  const most = Math.max(...sets.filter((set) => allowed(set, settings)).map((set) => set.length), 0);
  const size = Math.max(most, Math.min(least, masked.length));
  const key = (set: readonly Masked[]) => set.map(cost).sort((a, b) => a - b);
  const best = sets
    .filter((set) => set.length === size)
    .reduce((a, b) => ((compare(key(b), key(a)) || compare(places(b), places(a))) < 0 ? b : a));
  return places(best);
}

function places(set: readonly Masked[]): number[] {
  return set.map(({ position }) => position).sort((a, b) => a - b);
}

/** Lexicographic order. */
function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at < 0 ? 0 : a[at] - b[at];
}
