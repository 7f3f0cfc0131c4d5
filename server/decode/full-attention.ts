import { maskId } from './rows.ts';
import type { Session } from './session.ts';
import { settledFrom } from './threshold.ts';

/**
 * Denoising of a model whose rows all see each other. Between the prompt and what follows the response lie `maxTokens`
 * positions, all of them masked at first; they are filled in blocks of `window` from left to right. Without a cache
 * every forward computes all rows, which is exact.
 *
 * A cache keeps what the first forward of a block, and every `refresh`-th after it, made of the rows that it has no
 * tokens to reveal in: `prefix` those before the block, `dual` those behind it too. Since they would have changed with
 * every revealed token, that is an approximation; with `refresh` 1 it is none.
 */
export async function decodeWithFullAttention(session: Session): Promise<void> {
  const { cache, promptIds, suffixIds, response, settings } = session;
  const { spec } = session.denoiser;
  const { refresh = Number.POSITIVE_INFINITY } = settings;
  const canvas: (number | null)[] = Array(settings.maxTokens).fill(null);
  for (let start = 0; ; start += settings.window) {
    const end = Math.min(start + settings.window, settings.maxTokens);
    const positions = [...Array(promptIds.length + canvas.length + suffixIds.length).keys()];
    const isComputed = computedPositions(session, start, end);
    const computed = positions.filter(isComputed);
    const kept = positions.filter((position) => !isComputed(position));
    for (let step = 0; ; step++) {
      const masked = maskedBetween(canvas, start, end);
      if (masked.length === 0) break;
      const anew = step % refresh === 0;
      if (anew) cache.truncate(0);
      const fed = anew ? [...kept, ...computed] : computed;
      const tokens = [...promptIds, ...canvas, ...suffixIds];
      const rows = {
        ids: fed.map((position) => tokens[position] ?? maskId(spec)),
        positions: fed,
        visible: () => true,
      };
      const predicted = masked.map((position) => fed.indexOf(promptIds.length + position));
      const select = predicted.map((row) => row - spec.logitShift);
      const window = canvas.slice(start, end);
      const next = settings.cache === undefined ? { predicted, clean: false } : undefined;
      const result = await session.forward('denoise', rows, select, { next });
      if (anew) result.commit(kept.length);
      const all = masked.map((position, i) =>
        session.choose(position, session.distribution(result, i), 'noisy'),
      );
      const revealed = await session.reveal(all, { start, size: end - start }, step);
      for (const { position, id } of revealed) canvas[position] = id;
      const ended = response.settle(settledFrom(canvas, response.ids.length));
      session.recorder.step({
        kind: 'denoise',
        windowStart: start,
        window,
        revealed,
        settled: response.ids.length,
      });
      if (ended) return;
    }
  }
}

/** Whether a position of the text is computed by every forward of the block `start` … `end − 1` of the response. */
function computedPositions({ promptIds, settings, denoiser }: Session, start: number, end: number) {
  // The row that predicts the first token of the block is in it or, with logit shift 1, before it.
  const first = promptIds.length + start - denoiser.spec.logitShift;
  const last = promptIds.length + end - 1;
  return (position: number) =>
    settings.cache === undefined || (position >= first && (settings.cache === 'prefix' || position <= last));
}

function maskedBetween(canvas: readonly (number | null)[], start: number, end: number): number[] {
  return [...canvas.keys()].filter(
    (position) => position >= start && position < end && canvas[position] === null,
  );
}
