import { naiveRescore, type SamplerHeadWeights } from '../../kernels/naive-sampler-head.ts';
import type { SamplerHead } from './denoiser.ts';

/** The chain in plain loops, one row after the other: the oracle of the engine's sampler head. */
export function naiveSamplerHead(weights: SamplerHeadWeights, candidates: number): SamplerHead {
  return {
    candidates,
    async chain({ hidden, candidates: ids, previous, noise, temperature = 1 }) {
      const size = weights.b2.length;
      const rows = hidden.length / size;
      const perRow = ids.length / rows;
      const chosen = new Int32Array(rows);
      const scores = new Float32Array(ids.length);
      for (let row = 0; row < rows; row++) {
        const rowIds = [...ids.subarray(row * perRow, (row + 1) * perRow)];
        const before = row === 0 ? previous : chosen[row - 1];
        const state = hidden.subarray(row * size, (row + 1) * size);
        scores.set(
          naiveRescore(weights, state, before, rowIds).map((score) => score / temperature),
          row * perRow,
        );
        let best = 0;
        const noisy = (k: number) => scores[row * perRow + k] + (noise ? noise[row * perRow + k] : 0);
        for (let k = 1; k < perRow; k++) if (noisy(k) > noisy(best)) best = k;
        chosen[row] = rowIds[best];
      }
      return { chosen, scores };
    },
  };
}
