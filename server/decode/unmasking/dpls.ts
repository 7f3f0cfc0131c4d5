import type { Random } from '../random.ts';
import type { Unmasking } from './unmasking.ts';

/** Logit of the item that ends an action. */
const STOP = 0;

/**
 * Dynamic Plackett–Luce sampling (Jazbec et al.): a first position by the softmax of the logits, then positions without
 * replacement until a stop item with logit 0 is drawn. The order is part of the action.
 */
export const dpls: Unmasking = {
  sample(logits, random) {
    if (logits.length === 0) return [];
    const action = [draw([...logits.keys()], (place) => logits[place], random)];
    for (;;) {
      const left: (number | undefined)[] = [...logits.keys()].filter((place) => !action.includes(place));
      const next = draw(
        [...left, undefined],
        (place) => (place === undefined ? STOP : logits[place]),
        random,
      );
      if (next === undefined) return action;
      action.push(next);
    }
  },

  logProb(logits, action) {
    if (action.length === 0) return logits.length === 0 ? 0 : Number.NEGATIVE_INFINITY;
    return dpls.draws(logits, action).reduce((sum, { among, drawn }) => {
      const score = (place: number | undefined) => (place === undefined ? STOP : logits[place]);
      return sum + score(drawn) - logSumExp(among.map(score));
    }, 0);
  },

  draws(logits, action) {
    if (action.length === 0) return [];
    return [...action, undefined].map((drawn, i) => {
      const left = [...logits.keys()].filter((place) => !action.slice(0, i).includes(place));
      return { among: i === 0 ? left : [...left, undefined], drawn };
    });
  },
};

/** One of the items, with probability in proportion to exp(score): the largest score with Gumbel noise. */
function draw<T>(items: readonly T[], score: (item: T) => number, random: Random): T {
  const noisy = items.map((item) => score(item) + random.gumbel());
  return items[noisy.indexOf(Math.max(...noisy))];
}

function logSumExp(scores: readonly number[]): number {
  const best = Math.max(...scores);
  return best + Math.log(scores.reduce((sum, score) => sum + Math.exp(score - best), 0));
}
