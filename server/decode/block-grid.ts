import type { Step } from '../protocol.ts';
import type { Choice } from './recorder.ts';
import { blockRows } from './rows.ts';
import type { Session } from './session.ts';
import { settledFrom } from './threshold.ts';

/**
 * Denoising on the block grid, which starts at the first prompt token: the first block may begin with prompt
 * tokens, which stay visible. A block is denoised until nothing in it is masked, sub-block by sub-block from the left
 * where the model has them, and then committed by one forward of its clean tokens. With logit shift 1 the row before a
 * position predicts it: the commit of a block gives the first token of the next one, also that of a prompt's last block.
 *
 * The response ends as soon as everything up to its end is revealed, which may be inside a block; positions beyond
 * `maxTokens` stay masked, since the model has learnt whole blocks.
 */
export async function decodeOnBlockGrid(session: Session): Promise<void> {
  const { cache, promptIds, response } = session;
  const { spec } = session.denoiser;
  const { blockSize: size, subBlockSize = size, logitShift: shift } = spec;
  let first: Choice | undefined;
  for (;;) {
    const windowStart = cache.length - promptIds.length;
    const window: (number | null)[] = [...promptIds.slice(cache.length), ...(first ? [first.id] : [])];
    while (window.length < size) window.push(null);
    const report = (kind: Step['kind'], before: (number | null)[], revealed: Choice[]) =>
      session.recorder.step({ kind, windowStart, window: before, revealed, settled: response.ids.length });

    for (let subBlock = 0; subBlock < size; subBlock += subBlockSize) {
      for (let step = 0; ; step++) {
        const masked = maskedRows(session, window, windowStart, { start: subBlock, size: subBlockSize });
        if (masked.length === 0) break;
        const before = [...window];
        const select = masked.map((row) => row - shift);
        // With logit shift 1 the commit selects a row that no step does.
        const clean = shift === 0 && subBlock + subBlockSize >= size;
        const next = { predicted: masked, clean };
        const result = await session.forward('denoise', blockRows(spec, cache.length, window), select, {
          next,
        });
        const all = masked.map((row, i) =>
          session.choose(windowStart + row, session.distribution(result, i), 'noisy'),
        );
        const span = { start: windowStart + subBlock, size: subBlockSize };
        const choices = await session.reveal(all, span, step);
        for (const { position, id } of choices) window[position - windowStart] = id;
        const ended = response.settle(settledFrom(window, response.ids.length - windowStart));
        report('denoise', before, choices);
        if (ended) return;
      }
    }
    const last = shift === 1 ? [size - 1] : [];
    const result = await session.forward('commit', blockRows(spec, cache.length, window), last);
    result.commit(size);
    first =
      shift === 1 ? session.choose(windowStart + size, session.distribution(result, 0), 'clean') : undefined;
    const ended = first !== undefined && response.settle([first.id]);
    report('commit', first ? [...window, null] : window, first ? [first] : []);
    if (ended) return;
  }
}

/** Rows of a sub-block that are masked and belong to the response. */
function maskedRows(
  { settings }: Session,
  window: readonly (number | null)[],
  windowStart: number,
  subBlock: { start: number; size: number },
): number[] {
  const end = Math.min(subBlock.start + subBlock.size, settings.maxTokens - windowStart);
  return [...window.keys()].filter((row) => row >= subBlock.start && row < end && window[row] === null);
}
