import type { Feed } from '../../../kernels/graph.ts';
import { type Competition, POLICY, type PolicyOptions } from '../../../kernels/training/policy-objective.ts';
import { PADDED } from '../../../kernels/training/token-log-probs.ts';
import type { DenoiserSpec } from '../../models/spec.ts';
import type { ScoredBatch } from '../feeds.ts';
import { choiceInputs } from '../planner-inputs.ts';
import type { OtherLogProbs, PolicyLossTerms } from './policy-loss.ts';
import {
  type PolicyRows,
  policyRows,
  type ReplayedResponse,
  type ScoredRow,
  sharedRows,
} from './policy-rows.ts';
import type { ReplaySettings } from './replay/replayer.ts';

type Likelihood = ReplaySettings['likelihood'];

/** Responses of a step that go through one forward. */
export interface PolicyBatch {
  rows: PolicyRows;
  /** Their terms put together, by the places of `rows.scored`. */
  terms: PolicyLossTerms;
}

/**
 * The forwards of one step: responses are put together, in order, until `mostRows` rows are reached; a single response
 * may have more. Those to one prompt should follow each other, since they share its rows.
 */
export function policyBatches(
  spec: DenoiserSpec,
  responses: readonly ReplayedResponse[],
  terms: readonly PolicyLossTerms[],
  mostRows: number,
): PolicyBatch[] {
  const batches: PolicyBatch[] = [];
  let first = 0;
  let size = 0;
  const close = (end: number) => {
    const rows = policyRows(spec, responses.slice(first, end));
    batches.push({ rows, terms: joinedTerms(terms.slice(first, end)) });
    first = end;
  };
  for (const [i, response] of responses.entries()) {
    const alone = policyRows(spec, [response]).ids.length;
    const more = i > first ? alone - sharedRows(spec, responses[i - 1], response) : alone;
    if (i > first && size + more > mostRows) {
      close(i);
      size = alone;
    } else size += more;
  }
  if (responses.length > 0) close(responses.length);
  return batches;
}

/** Terms of several responses as those of one batch. */
export function joinedTerms(terms: readonly PolicyLossTerms[]): PolicyLossTerms {
  let units = 0;
  const unit = terms.flatMap((one) => {
    const before = units;
    units += one.advantage.length;
    return one.unit.map((u) => before + u);
  });
  const all = (key: Exclude<keyof PolicyLossTerms, 'unit'>) => terms.flatMap((one) => one[key]);
  return {
    unit,
    share: all('share'),
    advantage: all('advantage'),
    unitWeight: all('unitWeight'),
    klWeight: all('klWeight'),
    nllWeight: all('nllWeight'),
  };
}

/** What a graph is built for to score responses by a likelihood, see ReplaySettings. */
export function competitionOf(likelihood: Likelihood, topK: number): Competition {
  const competitions = { behaviour: 'listed', model: 'all', transition: { best: topK } } as const;
  return competitions[likelihood];
}

/**
 * What the session is fed to score a batch by a likelihood, sampled at a temperature; `decisions` as the graph was built
 * for.
 */
export function scoredBatch(
  rows: PolicyRows,
  likelihood: Likelihood,
  temperature: number,
  decisions?: PolicyOptions['decisions'],
): ScoredBatch {
  const { ids, positions, visible, scored, planned } = rows;
  const batch = {
    ids,
    positions,
    visible,
    select: scored.map(({ row }) => row),
    previous: scored.map(({ previous }) => previous),
  };
  const inverseTemperature = { f32: [likelihood === 'model' ? 1 : 1 / temperature] };
  const among = { behaviour: listed, model: everything, transition: best }[likelihood](scored);
  const inputs = { [POLICY.inverseTemperature]: inverseTemperature, ...among.inputs };
  if (!decisions) return { ...batch, ...among, inputs };
  return { ...batch, ...among, planned, inputs: { ...inputs, ...decided(scored, decisions.forced) } };
}

function decided(scored: readonly ScoredRow[], forced: boolean): Record<string, Feed> {
  const choices = scored.map(({ decider, chosen = false }) => ({ decider, chosen }));
  const states = scored.map(({ response, state }) => `${response} ${state}`);
  return {
    [POLICY.shown]: { f32: scored.map(({ id }) => Number(id !== null)) },
    ...choiceInputs(choices, forced ? states : undefined),
  };
}

type Among = Pick<ScoredBatch, 'target' | 'inputs'>;

/** Every token among its candidates. */
function listed(scored: readonly ScoredRow[]): Among {
  const candidates = scored.map((token) => {
    // A position that a planner left masked has no token.
    if (token.id === null) return [0];
    const among = token.candidates;
    if (!among?.includes(token.id)) {
      throw new Error('A sampled token was recorded without the candidates that it was chosen among.');
    }
    return among;
  });
  const most = Math.max(...candidates.map(({ length }) => length));
  const dims = [candidates.length, most];
  const padded = (of: readonly number[], value: number) => Array<number>(most - of.length).fill(value);
  return {
    target: scored.map(({ id }, i) => candidates[i].indexOf(id ?? 0)),
    inputs: {
      [POLICY.candidates]: { i64: candidates.flatMap((of) => [...of, ...padded(of, 0)]), dims },
      [POLICY.padding]: {
        f32: candidates.flatMap((of) => [...of.map(() => 0), ...padded(of, PADDED)]),
        dims,
      },
    },
  };
}

/** Every token among all. */
function everything(scored: readonly ScoredRow[]): Among {
  return { target: scored.map(({ id }) => id ?? 0) };
}

/** Every token among the best of its row, and the positions that stayed masked. */
function best(scored: readonly ScoredRow[]): Among {
  const forced = scored.map(({ id, below }) => id === null && below === undefined);
  const revealedBeside = ({ response, state }: ScoredRow) =>
    scored.findIndex((other) => other.id !== null && other.response === response && other.state === state);
  return {
    target: scored.map(({ id }) => id ?? 0),
    inputs: {
      [POLICY.stayed]: { f32: scored.map(({ id }) => (id === null ? 1 : 0)) },
      [POLICY.bound]: { f32: scored.map(({ below }) => (below === undefined ? 0 : Math.log(below))) },
      [POLICY.forced]: { f32: forced.map(Number) },
      [POLICY.forcedBy]: { i64: scored.map((token, i) => (forced[i] ? revealedBeside(token) : i)) },
    },
  };
}

/** What the loss of a batch takes; `other` as the graph was built for. */
export function lossInputs(terms: PolicyLossTerms, { old, reference }: OtherLogProbs): Record<string, Feed> {
  return {
    ...(old && { [POLICY.old]: { f32: Array.from(old) } }),
    ...(reference && {
      [POLICY.reference]: { f32: Array.from(reference) },
      [POLICY.klWeight]: { f32: terms.klWeight },
    }),
    [POLICY.nllWeight]: { f32: terms.nllWeight },
    [POLICY.unit]: { i64: terms.unit },
    [POLICY.share]: { f32: terms.share },
    [POLICY.advantage]: { f32: terms.advantage },
    [POLICY.unitWeight]: { f32: terms.unitWeight },
  };
}
