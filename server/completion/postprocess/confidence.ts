import type { Filter } from './filter.ts';

/**
 * A wrong suggestion costs more than none. The answer is dropped where the first line with text in it is not
 * confident enough, and cut before any later line that is not.
 */
export const confidence: Filter = (draft, { minConfidence, manual }) => {
  if (manual) return draft;
  const lines = draft.text.split('\n');
  const first = lines.findIndex((line) => line.trim() !== '');
  const passes = (line: number) => !(draft.lineConfidences[line] < minConfidence);
  if (first < 0 || !passes(first)) return null;
  const firstWeak = lines.findIndex((line, index) => index > first && line.trim() !== '' && !passes(index));
  return firstWeak < 0 ? draft : { ...draft, text: lines.slice(0, firstWeak).join('\n') };
};
