import type { DenoiserSpec } from '../../models/spec.ts';
import { nextTokens, totalWeight } from './next-tokens.ts';
import type {
  ForcedRows,
  Objective,
  ObjectiveSettings,
  SampleRows,
  Target,
  TrainingSample,
} from './objective.ts';
import { windowStart } from './window-diffusion.ts';

/**
 * Multi-token prediction by self-distillation (arXiv 2602.06019) on windows. The student predicts fully masked windows
 * at random starts; then its own best tokens follow the text before each window as clean rows, and its noisy rows learn
 * what those predict: Σ weight·(−Σ q(v)·log p(v)), q being the distribution after the tokens that the student would have
 * revealed, where window diffusion has that after the text's. The other terms are those of window diffusion.
 */
export const studentForced = {
  terms: (settings) => ({
    noisy: settings.noisyWeight,
    autoregressive: settings.autoregressiveWeight,
    chained: settings.chainedWeight,
    teacher: 0,
  }),
  needs: ['softLabels', 'predictions'],

  misfit(spec) {
    if (spec.maskTokenId === undefined) return 'the model has no mask token';
    if (spec.cleanAttention !== 'causal') return 'the clean rows of the model are not causal';
    return spec.logitShift === 1 ? undefined : 'the model predicts its own token, not the next';
  },

  rows(sample, spec, settings, random): ForcedRows {
    const starts = Array.from({ length: settings.windows }, () =>
      windowStart(sample, spec, settings, random),
    );
    const { rows, windows } = windowRows(sample.ids, starts, spec, settings);
    return {
      ...rows,
      targets: windows.flatMap(({ noisy }) => noisy.map(teacher)),
      denominators: { teacher: 1 },
      forced: (predictions) => {
        const best = predictions.map(({ id }) => id);
        return forcedRows(sample, starts, spec, settings, best);
      },
    };
  },
} satisfies Objective;

/** A row that is selected without being taught. */
const teacher = (row: number): Target => ({ row, token: 0, weight: 0, term: 'teacher' });

function forcedRows(
  sample: TrainingSample,
  starts: readonly number[],
  spec: DenoiserSpec,
  settings: ObjectiveSettings,
  best: readonly number[],
): SampleRows {
  const { rows, windows } = windowRows(sample.ids, starts, spec, settings, best);
  const targets = nextTokens(sample, settings.promptWeight);
  const clean = totalWeight(targets);
  let total = 0;
  for (const { start, noisy, tokens, forced } of windows) {
    targets.push(...forced.map(teacher));
    for (const [j, row] of noisy.entries()) {
      const weight = settings.depthDecay ** j;
      total += weight;
      const teacherRow = j === 0 ? start : forced[j - 1];
      const prediction = { row, token: tokens[j], weight: 0, soft: { teacherRow, weight } };
      if (settings.noisyWeight > 0) targets.push({ ...prediction, term: 'noisy' });
      if (settings.chainedWeight > 0) {
        const previous = j === 0 ? sample.ids[start] : tokens[j - 1];
        targets.push({ ...prediction, previous, term: 'chained' });
      }
    }
  }
  return {
    ...rows,
    targets,
    denominators: { autoregressive: clean, noisy: total, chained: total, teacher: 1 },
  };
}

interface Window {
  start: number;
  /** Its noisy rows; the one at start + j predicts the token of start + j + 1. */
  noisy: number[];
  /** What the student holds for those tokens. */
  tokens: readonly number[];
  /** Clean rows with all but the last of them, from position start + 1 on. */
  forced: number[];
}

/** The text, the windows, and the clean rows with the student's tokens where those (`best`) are known. */
function windowRows(
  text: readonly number[],
  starts: readonly number[],
  spec: DenoiserSpec,
  settings: ObjectiveSettings,
  best: readonly number[] = [],
) {
  const ids = [...text];
  const positions = [...text.keys()];
  /** Of the rows behind the text. */
  const owners: { window: number; noisy: boolean }[] = [];
  const add = (token: number, position: number, window: number, noisy: boolean) => {
    owners.push({ window, noisy });
    positions.push(position);
    return ids.push(token) - 1;
  };
  let place = 0;
  const windows = starts.map((start, window): Window => {
    const count = Math.max(0, Math.min(settings.window || spec.blockSize, text.length - start) - 1);
    const noisy = Array.from({ length: count }, (_, j) => add(spec.maskTokenId!, start + j, window, true));
    const tokens = best.slice(place, place + count);
    place += count;
    const forced = tokens.slice(0, -1).map((token, j) => add(token, start + 1 + j, window, false));
    return { start, noisy, tokens, forced };
  });
  const owner = (row: number) => owners[row - text.length];
  const rows = {
    ids,
    positions,
    visible(row: number, column: number) {
      const [own, other] = [owner(row), owner(column)];
      if (!own) return !other && column <= row;
      // Noisy rows do not see the text's token at the start of their window; the clean ones do.
      if (!other) return column < starts[own.window] + (own.noisy ? 0 : 1);
      if (own.window !== other.window || own.noisy !== other.noisy) return false;
      return own.noisy || column <= row;
    },
    noisy: (row: number) => owner(row)?.noisy ?? false,
  };
  return { rows, windows };
}
