import type { Step } from '../protocol.ts';

/** Proposals for one position of the window: how many were checked, and how many of these stood. */
export interface Checks {
  checked: number;
  agreed: number;
}

/**
 * What verified decoding made of its proposals, by their place: entry 0 counts the second token of a window, which is
 * the first that a noisy row proposes. A proposal is checked when all those before it in its window stood, and stands
 * when it is what the clean row before it gives, the autoregressive argmax where decoding is greedy. So agreed / checked
 * of entry i estimates P(token i + 2 agrees | tokens 2 … i + 1 agree), along the model's own text; and as proposals below
 * the threshold are never made, among those at or above it: threshold 0 shows all.
 */
export function proposalChecks(steps: readonly Step[]): Checks[] {
  const checks: Checks[] = [];
  for (const [index, { confirmed }] of steps.entries()) {
    const revealed = steps[index - 1]?.revealed ?? [];
    const proposed = revealed.filter(({ source }) => source === 'noisy').length;
    // What the row of an alternative gave is checked before them.
    const alternatives = revealed.filter(({ source }) => source === 'clean').length - 1;
    const stood = confirmed.length - Math.max(0, alternatives);
    // The first that does not stand ends the checking.
    for (let i = 0; i < Math.min(proposed, stood + 1); i++) {
      checks[i] ??= { checked: 0, agreed: 0 };
      checks[i].checked++;
      if (i < stood) checks[i].agreed++;
    }
  }
  return checks;
}

/** Entry by entry. */
export function addChecks(lists: readonly (readonly Checks[])[]): Checks[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, i) => ({
    checked: lists.reduce((sum, list) => sum + (list[i]?.checked ?? 0), 0),
    agreed: lists.reduce((sum, list) => sum + (list[i]?.agreed ?? 0), 0),
  }));
}
