import { factorCount } from '../../decode/policies/factor.ts';
import type { Random } from '../../decode/random.ts';
import type { DenoiserSpec } from '../../models/spec.ts';
import { type PolicyRows, policyRows } from '../rl/policy-rows.ts';
import type { ReplayState } from '../rl/replay/replayer.ts';
import type {
  ForcedRows,
  Objective,
  ObjectiveSettings,
  Prediction,
  SampleRows,
  TrainingSample,
} from './objective.ts';

/** Of the factor rule that is imitated, as dUltra has it. */
const FACTOR = 1;

/**
 * The warm start of dUltra's planner (arXiv 2512.21446): on a frozen network it learns to reveal what Fast-dLLM's factor
 * rule would, in windows of texts masked at random, with all that follows the window masked where rows see what follows
 * them. Loss: the mean of −log p over the positions that the rule reveals, and that over the others; up to a factor this
 * is the binary cross-entropy with pos_weight = #others / #revealed.
 */
export const planner = {
  terms: () => ({ revealed: 1, left: 1, prediction: 0 }),
  needs: ['predictions', 'planner'],

  misfit: ({ maskTokenId }) => (maskTokenId === undefined ? 'the model has no mask token' : undefined),

  rows({ ids, promptLength }, spec, settings, random): ForcedRows {
    // A row before the first predicted position is needed.
    const sample = { ids, promptLength: Math.max(1, promptLength) };
    const states = Array.from({ length: settings.windows }, () => drawState(sample, spec, settings, random));
    const [promptIds, responseIds] = [ids.slice(0, sample.promptLength), ids.slice(sample.promptLength)];
    const laid = policyRows(spec, [{ promptIds, responseIds, states }]);
    const rows = {
      ids: laid.ids,
      positions: laid.positions,
      visible: laid.visible,
      noisy: (row: number) => laid.ids[row] === spec.maskTokenId,
    };
    return {
      ...rows,
      targets: laid.scored.map(({ row, id }) => ({ row, token: id!, weight: 0, term: 'prediction' })),
      denominators: { prediction: 1 },
      forced: (predictions) => ({ ...rows, ...imitated(spec, laid, predictions) }),
    };
  },
} satisfies Objective;

/**
 * The choices of the factor rule in every state, given what the network predicts. As in decoding, the first masked position
 * of a causal model counts as certain.
 */
function imitated(
  { cleanAttention }: DenoiserSpec,
  { scored, planned }: PolicyRows,
  predictions: readonly Prediction[],
): Pick<SampleRows, 'targets' | 'planned' | 'denominators'> {
  const chosen = new Set<number>();
  for (const state of new Set(scored.map((token) => token.state))) {
    const members = [...scored.keys()].filter((i) => scored[i].state === state);
    const confidence = (i: number) =>
      cleanAttention === 'causal' && i === members[0] ? 1 : predictions[i].confidence;
    const ranked = members.toSorted((a, b) => confidence(b) - confidence(a));
    for (const i of ranked.slice(0, factorCount(ranked.map(confidence), FACTOR))) chosen.add(i);
  }
  const targets = scored.map(({ row, id, decider }, i) => {
    const choice = { decider, chosen: chosen.has(i) };
    return { row, token: id!, weight: 1, choice, term: choice.chosen ? 'revealed' : 'left' };
  });
  return {
    targets,
    planned,
    denominators: { revealed: chosen.size, left: scored.length - chosen.size },
  };
}

/** A window of the text with some of its tokens masked, one of them at least. What lies behind the text stays masked. */
function drawState(
  { ids, promptLength }: TrainingSample,
  spec: DenoiserSpec,
  { window, fullyMasked }: ObjectiveSettings,
  random: Random,
): ReplayState {
  const size = window || spec.blockSize;
  const [start, first] = drawStart(spec, size, ids.length, promptLength, random);
  const end = Math.min(start + size, ids.length);
  const share = random.uniform() < fullyMasked ? 1 : random.uniform();
  // A sliding window starts at a masked position.
  const always =
    spec.cleanAttention === 'causal' ? first : first + Math.floor(random.uniform() * (end - first));
  const positions =
    spec.cleanAttention === 'full' ? [...ids.keys()] : Array.from({ length: size }, (_, i) => start + i);
  const tokens = positions.map((position) => {
    if (position < first) return ids[position];
    const masked = position === always || position >= end || random.uniform() < share;
    return masked ? null : ids[position];
  });
  const scored = positions
    .filter((position, i) => tokens[i] === null && position < end)
    .map((position) => ({ position, id: ids[position], chosen: false }));
  return { start: positions[0], tokens, scored, round: 0 };
}

/**
 * Where a window starts and from where on its tokens may be masked: a block of the grid that holds some of the response,
 * a block counted from the response's start where all rows see each other, anywhere in it for a causal model.
 */
function drawStart(
  { cleanAttention }: DenoiserSpec,
  size: number,
  length: number,
  promptLength: number,
  random: Random,
): [start: number, first: number] {
  const origin = cleanAttention === 'block' ? promptLength - (promptLength % size) : promptLength;
  const step = cleanAttention === 'causal' ? 1 : size;
  const count = Math.max(1, Math.ceil((length - origin) / step));
  const start = origin + step * Math.floor(random.uniform() * count);
  return [start, Math.max(start, promptLength)];
}
