import type { DenoiserSpec } from '../models/spec.ts';
import type { ForwardRequest } from './denoiser.ts';

/** The rows of a forward, without what is asked of them. */
export type Rows = Pick<ForwardRequest, 'ids' | 'positions' | 'visible'>;

/** Tokens of consecutive positions; null is masked. */
export type Window = readonly (number | null)[];

/**
 * Rows of a causal model: all of the window but its last position, since a row predicts its successor. The leading
 * tokens are clean rows, each seeing the cache and the clean rows up to itself; from the first masked position on the
 * rows are noisy and see everything. `cached` is the position of the window's first row.
 */
export function causalRows(spec: DenoiserSpec, cached: number, window: Window): Rows {
  const fed = window.slice(0, -1);
  const clean = cleanCount(window);
  return {
    ids: fed.map((id) => id ?? maskId(spec)),
    positions: fed.map((_, i) => cached + i),
    visible: (row, column) => row >= clean || column <= cached + row,
  };
}

/** Tokens before the first masked position. */
export function cleanCount(window: Window): number {
  const masked = window.indexOf(null);
  return masked < 0 ? window.length : masked;
}

/** Rows of one block on the grid, seeing the cache and each other; `cached` is the block's first position. */
export function blockRows(spec: DenoiserSpec, cached: number, window: Window): Rows {
  return {
    ids: window.map((id) => id ?? maskId(spec)),
    positions: window.map((_, i) => cached + i),
    visible: () => true,
  };
}

/** Clean rows of a prompt from position `cached` on. For block attention `cached` lies on the grid. */
export function promptRows(spec: DenoiserSpec, cached: number, ids: readonly number[]): Rows {
  const size = spec.cleanAttention === 'block' ? spec.blockSize : 1;
  return {
    ids,
    positions: ids.map((_, i) => cached + i),
    visible: (row, column) => Math.floor(column / size) <= Math.floor((cached + row) / size),
  };
}

/** The token of a masked row. */
export function maskId(spec: DenoiserSpec): number {
  if (spec.maskTokenId === undefined) throw new Error('A model without a mask token has no noisy rows.');
  return spec.maskTokenId;
}
