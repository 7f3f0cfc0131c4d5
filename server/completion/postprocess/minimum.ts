import type { Filter } from './filter.ts';

const MIN_CHARACTERS = 4;

/** A few characters, or closing brackets alone, are typed sooner than they are read. */
export const minimum: Filter = (draft, { manual }) => {
  const text = draft.text.trim();
  if (manual) return text === '' ? null : draft;
  return text.length >= MIN_CHARACTERS && /[\p{L}\p{N}_]/u.test(text) ? draft : null;
};
