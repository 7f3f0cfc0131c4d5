import type { Choice } from './recorder.ts';
import { blockRows } from './rows.ts';
import type { Session } from './session.ts';
import { settledFrom } from './threshold.ts';

/**
 * Denoising on the block grid, which starts at the first prompt token: the first block may begin with prompt
 * tokens, which stay visible. A block is denoised until nothing in it is masked and then committed by one forward of
 * its clean tokens. The response ends as soon as everything up to its end is revealed, which may be inside a block;
 * positions beyond `maxTokens` stay masked, since the model has learnt whole blocks.
 */
export async function decodeOnBlockGrid(session: Session): Promise<void> {
  const { cache, promptIds, response, settings } = session;
  const { spec } = session.denoiser;
  const size = spec.blockSize;
  for (;;) {
    const windowStart = cache.length - promptIds.length;
    const window: (number | null)[] = [...promptIds.slice(cache.length)];
    while (window.length < size) window.push(null);
    const report = (kind: 'denoise' | 'commit', before: (number | null)[], choices: Choice[]) =>
      session.recorder.step({
        kind,
        windowStart,
        window: before,
        revealed: choices,
        settled: response.ids.length,
      });

    let masked = maskedRows(window, windowStart, settings.maxTokens);
    for (let step = 0; masked.length > 0; step++) {
      const before = [...window];
      const result = await session.forward('denoise', blockRows(spec, cache.length, window), masked);
      const all = masked.map((row, i) =>
        session.choose(windowStart + row, session.distribution(result, i), 'noisy'),
      );
      const choices = session.reveal(all, size, step);
      for (const { position, id } of choices) window[position - windowStart] = id;
      const ended = response.settle(settledFrom(window, response.ids.length - windowStart));
      report('denoise', before, choices);
      if (ended) return;
      masked = maskedRows(window, windowStart, settings.maxTokens);
    }
    const result = await session.forward('commit', blockRows(spec, cache.length, window), []);
    result.commit(size);
    report('commit', [...window], []);
  }
}

/** Rows of the block that are masked and belong to the response. */
function maskedRows(window: readonly (number | null)[], windowStart: number, maxTokens: number): number[] {
  return [...window.keys()].filter((row) => window[row] === null && windowStart + row < maxTokens);
}
