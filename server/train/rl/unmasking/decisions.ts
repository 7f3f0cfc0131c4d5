import type { Feed } from '../../../../kernels/graph.ts';
import { ABSENT } from '../../../../kernels/training/draw-log-probs.ts';
import { UNMASKING } from '../../../../kernels/training/unmasking-graph.ts';
import { type PolicyRows, policyFeeds } from '../../../../kernels/unmasking-policy.ts';
import { UNMASKINGS, type UnmaskingName } from '../../../decode/unmasking/index.ts';
import { policyInputs } from '../../../decode/unmasking/policy-inputs.ts';
import type { Draw } from '../../../decode/unmasking/unmasking.ts';
import type { PolicyHeader } from '../../../models/policy-file.ts';
import type { Rollout } from '../rollout.ts';

/** A decision with what it was made of, to be scored again by the policy alone. */
export interface StoredDecision {
  rows: PolicyRows;
  /** Its draws among rows. */
  draws: readonly Draw[];
  /** Whether it was made in the policy's place. */
  expert: boolean;
}

/**
 * The decisions of a response, in order: the replay of stored inputs. An expert that verifies is taken to have chosen those
 * of its proposals that stood, so that what it teaches can be done without verification.
 */
export function storedDecisions(
  { trajectory, expert }: Pick<Rollout, 'trajectory' | 'expert'>,
  unmasking: UnmaskingName,
  confidences: number,
): StoredDecision[] {
  const { steps, settings } = trajectory;
  return steps.flatMap(({ decision }, step) => {
    if (!decision?.inputs) return [];
    const { eligible, chosen, inputs } = decision;
    const stood = new Set(steps[step + 1]?.confirmed.map(({ position }) => position));
    const checked = expert && settings.mode === 'verified';
    const action = chosen
      // The first is the token that a clean row gave.
      .filter((position, i) => !checked || i === 0 || stood.has(position))
      .map((position) => eligible.indexOf(position));
    const row = (place: number | undefined) =>
      place === undefined ? undefined : eligible[place] - inputs.start;
    const isEligible = Array.from({ length: inputs.rows }, (_, i) => eligible.includes(inputs.start + i));
    return {
      rows: { inputs: policyInputs(inputs, confidences), eligible: isEligible, time: inputs.time },
      // How a policy draws that learns does not depend on its logits.
      draws: UNMASKINGS[unmasking]
        .draws(
          eligible.map(() => 0),
          action,
        )
        .map(({ among, drawn }) => ({
          among: among.map(row),
          drawn: row(drawn),
        })),
      expert,
    };
  });
}

/** Inputs of the graph for some decisions, without those of its loss. `mixture`: who decided makes a difference. */
export function decisionFeeds(
  { shape }: Pick<PolicyHeader, 'shape'>,
  decisions: readonly StoredDecision[],
  mixture: boolean,
): Record<string, Feed> {
  const items = shape.window + 1;
  const most = Math.max(...decisions.map(({ draws }) => draws.length));
  const among = new Float32Array(decisions.length * most * items).fill(ABSENT);
  const drawn = Array<number>(decisions.length * most).fill(0);
  const counts = new Float32Array(decisions.length * most);
  const item = (row: number | undefined) => row ?? shape.window;
  for (const [i, { draws }] of decisions.entries()) {
    for (const [d, draw] of draws.entries()) {
      const at = i * most + d;
      for (const row of draw.among) among[at * items + item(row)] = 0;
      drawn[at] = item(draw.drawn);
      counts[at] = 1;
    }
  }
  return {
    ...policyFeeds(
      shape,
      decisions.map(({ rows }) => rows),
    ),
    [UNMASKING.among]: { f32: among, dims: [decisions.length, most, items] },
    [UNMASKING.drawn]: { i64: drawn, dims: [decisions.length, most, 1] },
    [UNMASKING.counts]: { f32: counts, dims: [decisions.length, most] },
    ...(mixture && { [UNMASKING.expert]: { f32: decisions.map(({ expert }) => Number(expert)) } }),
  };
}
