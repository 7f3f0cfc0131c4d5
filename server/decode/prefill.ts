import type { DenoiserSpec } from '../models/spec.ts';
import { promptRows } from './rows.ts';
import type { Session } from './session.ts';

/** Rows of one prefill forward: few enough that a cancellation is seen soon, enough to use the cores well. */
const PREFILL_ROWS = 128;

/**
 * Makes the cache hold exactly the prompt up to what is fed with the first window: its last token, for block attention
 * those of its last, unfinished block, for full attention all of it. What the cache already holds of it stays; whatever
 * follows their longest common prefix is forgotten.
 */
export async function prefill(session: Session): Promise<void> {
  const { cache, promptIds } = session;
  const { spec } = session.denoiser;
  const length = promptIds.length - fedWithFirstWindow(spec, promptIds.length);
  // Rows of a block have seen all of it, so a block is kept as a whole or not at all.
  const grid = spec.cleanAttention === 'block' ? spec.blockSize : 1;
  const common = commonPrefix(cache.tokens, promptIds.slice(0, length));
  cache.truncate(common - (common % grid));
  session.recorder.cachedTokens = cache.length;
  const chunk = Math.max(grid, PREFILL_ROWS - (PREFILL_ROWS % grid));
  while (cache.length < length) {
    const ids = promptIds.slice(cache.length, Math.min(cache.length + chunk, length));
    const result = await session.forward('prefill', promptRows(spec, cache.length, ids), []);
    result.commit(ids.length);
  }
}

/** How many tokens of a prompt are not prefilled. With logit shift 1 the first window needs the last one's row. */
function fedWithFirstWindow({ cleanAttention, blockSize, logitShift }: DenoiserSpec, length: number): number {
  if (cleanAttention === 'full') return length;
  return cleanAttention === 'block' ? ((length - logitShift) % blockSize) + logitShift : 1;
}

function commonPrefix(a: readonly number[], b: readonly number[]): number {
  const limit = Math.min(a.length, b.length);
  let length = 0;
  while (length < limit && a[length] === b[length]) length++;
  return length;
}
