import type { DenoiserSpec } from '../../../models/spec.ts';
import type { RecordedTokens } from './recorded-tokens.ts';
import type { Recorded, ReplayState } from './replayer.ts';

/**
 * Positions that are masked together by replays that do not follow the steps, as [start, end): blocks of the model's grid
 * (the first may begin with prompt tokens); windows from the first response token on for causal models; everything for
 * models that attend in both directions. Together they hold the response, which ends before `end`.
 */
export function blocks(
  { cleanAttention, blockSize }: DenoiserSpec,
  { promptIds, suffixIds = [], settings }: Recorded,
  end: number,
): [number, number][] {
  const promptLength = promptIds.length;
  if (cleanAttention === 'full') return [[0, promptLength + settings.maxTokens + suffixIds.length]];
  const first = cleanAttention === 'block' ? promptLength - (promptLength % blockSize) : promptLength;
  const count = Math.ceil((end - first) / blockSize);
  return Array.from({ length: count }, (_, i) => [first + i * blockSize, first + (i + 1) * blockSize]);
}

/** A block with some of its tokens masked, `counted` ones among which are scored; undefined if none is. */
export function maskedBlock(
  [start, end]: readonly [number, number],
  tokens: RecordedTokens,
  masked: (position: number) => boolean,
  counted: ReadonlySet<number>,
  { cleanAttention }: DenoiserSpec,
  round = 0,
): ReplayState | undefined {
  const positions = Array.from({ length: end - start }, (_, i) => start + i);
  const shown = positions.map((position) => (masked(position) ? null : tokens.id(position)));
  const firstMasked = start + shown.indexOf(null);
  const scored = positions
    .filter((position) => masked(position) && counted.has(position))
    .map((position) => tokens.scored(position, cleanAttention === 'causal' && position > firstMasked));
  return scored.length > 0 ? { start, tokens: shown, scored, round } : undefined;
}
