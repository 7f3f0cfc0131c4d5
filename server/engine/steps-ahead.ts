import type { ForwardRequest, ForwardResult } from '../decode/denoiser.ts';
import { picked } from '../decode/unmasking/seen-rows.ts';
import type { OrtCache } from './ort-cache.ts';

/** A forward over a cache. */
export type CacheRequest = ForwardRequest & { cache: OrtCache };

/** A forward that was computed before it was asked for. */
export interface ComputedStep {
  ids: readonly number[];
  /** Of the rows that the first forward of the call selected; its rows can be committed until the cache changes. */
  result(): ForwardResult;
}

/**
 * Forwards that one call has computed beyond the one it was made for. One is handed out only if it is what is asked for:
 * an expectation that proves wrong costs time and changes nothing.
 */
export class StepsAhead {
  #made: CacheRequest | undefined;
  #version = 0;
  #steps: ComputedStep[] = [];

  /** The forwards after that of `made`, in order. */
  keep(made: CacheRequest, steps: readonly ComputedStep[]): void {
    this.#made = made;
    this.#version = made.cache.version;
    this.#steps = [...steps];
  }

  /** The next of them, if it is what `asked` would compute; otherwise they are forgotten. */
  take(asked: CacheRequest): ForwardResult | undefined {
    const made = this.#made;
    const next = this.#steps.shift();
    if (!made || !next || asked.cache.version !== this.#version || !isStep(asked, made, next)) {
      this.#steps = [];
      return undefined;
    }
    this.#version = ++asked.cache.version;
    return picked(
      next.result(),
      asked.select.map((row) => made.select.indexOf(row)),
    );
  }
}

/** Whether `asked` feeds what `step` fed, a later forward of the call made for `made`, and wants what that returned. */
function isStep(asked: CacheRequest, made: CacheRequest, step: ComputedStep): boolean {
  return (
    asked.cache === made.cache &&
    isEqual(asked.ids, step.ids) &&
    isEqual(asked.positions, made.positions) &&
    asked.select.every((row) => made.select.includes(row)) &&
    asked.topK === made.topK &&
    !asked.hidden &&
    !asked.entropy &&
    !asked.scored &&
    seesTheSame(asked, made)
  );
}

function isEqual(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

function seesTheSame(a: ForwardRequest, b: ForwardRequest): boolean {
  const columns = a.cache.length + a.ids.length;
  for (let row = 0; row < a.ids.length; row++) {
    for (let column = 0; column < columns; column++) {
      if (a.visible(row, column) !== b.visible(row, column)) return false;
    }
  }
  return true;
}
