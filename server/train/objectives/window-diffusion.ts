import type { Random } from '../../decode/random.ts';
import type { DenoiserSpec } from '../../models/spec.ts';
import { nextTokens, totalWeight } from './next-tokens.ts';
import type { Objective, ObjectiveSettings, TrainingSample } from './objective.ts';

/** Largest share revealed in windows that are not fully masked. */
const MOST_REVEALED = 0.8;

/**
 * Windows at random starts after the prompt, or in it too with `promptWeight`: the rows of a window see the clean rows
 * before its start and each other. A share of them is fully masked; in the others every position but the first is
 * revealed with probability u ~ U(0, 0.8). Loss: the mean over the masked positions, the mean of the clean rows' next
 * tokens, and the mean over the masked positions again as the sampler head predicts them given the text's token before
 * each; the settings weigh the three. Rows deep in a window may weigh less, and a noisy row may learn from the clean row
 * of its position, the same model's autoregressive prediction, in place of the text's token. Certainty forcing makes
 * right rows surer. With logit shift 1 the row at a position predicts the next one, so the window's last position has
 * no row.
 */
export const windowDiffusion: Objective = {
  terms: (settings) => ({
    noisy: settings.noisyWeight,
    autoregressive: settings.autoregressiveWeight,
    chained: settings.chainedWeight,
  }),

  misfit(spec) {
    if (spec.maskTokenId === undefined) return 'the model has no mask token';
    return spec.cleanAttention === 'causal' ? undefined : 'the clean rows of the model are not causal';
  },

  rows({ ids: tokens, promptLength }, spec, settings, random) {
    const ids = [...tokens];
    const positions = tokens.map((_, position) => position);
    /** Start of the row's window; clean rows have none. */
    const starts: (number | undefined)[] = tokens.map(() => undefined);
    const groups: number[] = tokens.map(() => -1);
    const targets = nextTokens({ ids: tokens, promptLength }, settings.promptWeight);
    const clean = totalWeight(targets);
    let total = 0;
    for (let group = 0; group < settings.windows; group++) {
      const window = drawWindow({ ids: tokens, promptLength }, spec, settings, random);
      for (const [j, shown] of window.shown.entries()) {
        const position = window.start + j;
        const target = position + spec.logitShift;
        if (target < tokens.length && !window.shown[j + spec.logitShift]) {
          const weight = settings.depthDecay ** j;
          total += weight;
          const prediction = {
            row: ids.length,
            token: tokens[target],
            weight: (1 - settings.softLabels) * weight,
            // The clean row before the target predicts it too.
            ...(settings.softLabels > 0 && {
              soft: { teacherRow: target - 1, weight: settings.softLabels * weight },
            }),
            ...(settings.certainty > 0 && { certainty: settings.certainty * weight }),
          };
          if (settings.noisyWeight > 0) targets.push({ ...prediction, term: 'noisy' });
          if (settings.chainedWeight > 0) {
            targets.push({ ...prediction, previous: tokens[target - 1], term: 'chained' });
          }
        }
        ids.push(shown ? tokens[position] : spec.maskTokenId!);
        positions.push(position);
        starts.push(window.start);
        groups.push(group);
      }
    }
    return {
      ids,
      positions,
      visible: (row, column) =>
        starts[column] === undefined
          ? positions[column] < (starts[row] ?? positions[row] + 1)
          : groups[row] === groups[column],
      noisy: (row) => starts[row] !== undefined,
      targets,
      denominators: { autoregressive: clean, noisy: total, chained: total },
    };
  },
};

/** A start such that the window has a row: after the prompt, or in it, where a place is as likely as its row weighs. */
export function windowStart(
  { ids, promptLength }: TrainingSample,
  { logitShift }: DenoiserSpec,
  { promptWeight }: ObjectiveSettings,
  random: Random,
): number {
  const first = Math.max(1, promptLength);
  const last = ids.length - 1 - logitShift;
  const answer = Math.max(1, last - first + 1);
  const drawn = random.uniform() * (answer + promptWeight * (first - 1));
  return drawn < answer ? first + Math.floor(drawn) : 1 + Math.floor((drawn - answer) / promptWeight);
}

/** Start of a window and which of its rows show their token; a window is cut at the end of the text. */
function drawWindow(sample: TrainingSample, spec: DenoiserSpec, settings: ObjectiveSettings, random: Random) {
  const { window, fullyMasked } = settings;
  const { blockSize, logitShift } = spec;
  const start = windowStart(sample, spec, settings, random);
  const share = random.uniform() < fullyMasked ? 0 : MOST_REVEALED * random.uniform();
  const rows = Math.max(0, Math.min(window || blockSize, sample.ids.length - start) - logitShift);
  const shown = Array.from({ length: rows }, (_, j) => random.uniform() < share && j > 0);
  return { start, shown };
}
