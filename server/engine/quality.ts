import { PART } from '../../kernels/linear/in-parts.ts';
import { promptRows } from '../decode/rows.ts';
import type { ModelFolder, Quality } from '../models/model-folder.ts';
import { loadTokenizer } from '../models/tokenizer.ts';
import { Divergence } from './divergence.ts';
import { loadOrt } from './ort.ts';
import { StagedForward } from './staged-forward.ts';

/** A text is compared in pieces of so many rows, so many at most. */
const ROWS = 128;
const PIECES = 4;

/**
 * How far `model` is from a reference that has the same tokens, on the clean rows of `text`. Neither is ever opened as a
 * whole, so their sizes do not matter. Undefined, without opening the reference, where there is no tokenizer.
 */
export async function compareModels(
  model: ModelFolder,
  openReference: () => Promise<ModelFolder>,
  text: string,
  threads: number,
): Promise<Quality | undefined> {
  if (model.tokenizerPath === undefined) return undefined;
  const { spec } = model;
  const ids = (await loadTokenizer(model)).encode(text).slice(0, ROWS * PIECES);
  const pieces = Array.from({ length: Math.ceil(ids.length / ROWS) }, (_, i) =>
    promptRows(spec, 0, ids.slice(i * ROWS, (i + 1) * ROWS)),
  );
  const ort = await loadOrt();
  const expected = new StagedForward(ort, await openReference(), threads);
  const actual = new StagedForward(ort, model, threads);
  const [expectedHidden, actualHidden] = [await expected.hidden(pieces), await actual.hidden(pieces)];
  const divergence = new Divergence(ids.length);
  const most = Math.max(1, Math.floor(PART / spec.hiddenSize));
  for (let start = 0; start < spec.vocabSize; start += most) {
    const tokens = { start, count: Math.min(most, spec.vocabSize - start) };
    const expectedLogits = await expected.logits(expectedHidden, tokens);
    divergence.add(expectedLogits, await actual.logits(actualHidden, tokens), tokens);
  }
  return divergence.quality();
}
