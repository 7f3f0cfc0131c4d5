// Measures how often proposals agree with the model's own greedy continuations of the suite's files:
//   node --import tsx bench/proposals/run.ts [MODEL_DIR] [WINDOW]
// A fully masked window is put at every position of every continuation. One JSON object on standard output.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { decode } from '../../server/decode/decode.ts';
import type { KvCache } from '../../server/decode/denoiser.ts';
import { causalRows, promptRows } from '../../server/decode/rows.ts';
import { loadModel } from '../../server/engine/load.ts';
import type { LoadedModel } from '../../server/engine/loaded-model.ts';
import { promptIds } from '../../server/engine/prompt.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
/** What of a file is the prompt, and how many tokens are continued. */
const [PROMPT_SHARE, TOKENS] = [0.6, 48];

/** By depth, the first proposal being that for the token after the known one. */
interface Counts {
  windows: number[];
  /** The row's own best token is right. */
  independent: number[];
  /** The sampler head is right, given the true token before. */
  chained: number[];
  /** It is right, and so is every proposal before in its chain. */
  prefix: number[];
}

/** Windows at every position of one continuation. */
async function measure(model: LoadedModel, text: string, window: number, counts: Counts): Promise<void> {
  const { denoiser, tokenizer } = model;
  const { spec, samplerHead } = denoiser;
  if (!samplerHead) throw new Error('the model has no sampler head');
  const prefix = text.slice(0, text.indexOf('\n', text.length * PROMPT_SHARE) + 1);
  const prompt = promptIds({ prefix, suffix: '', fim: false, budget: 0 }, spec, tokenizer, spec.maxPositions);
  const cache = denoiser.newCache();
  const settings = { mode: 'ar', maxTokens: TOKENS } as const;
  const hooks = { cancelled: () => false, candidates: 0 };
  const { responseIds } = await decode(denoiser, tokenizer, cache, prompt, settings, hooks);
  const ids = [...prompt, ...responseIds];
  for (let start = prompt.length; start + 1 < ids.length; start++) {
    await keep(model, cache, ids.slice(0, start));
    const rows = causalRows(spec, start, Array<null>(window).fill(null));
    const select = [...rows.ids.keys()];
    const topK = samplerHead.candidates;
    const { hidden, topIds } = await denoiser.forward({ cache, ...rows, select, topK, hidden: true });
    const size = spec.hiddenSize;
    const chain = (from: number, to: number, previous: number) =>
      samplerHead.chain({
        hidden: hidden!.slice(from * size, to * size),
        candidates: topIds.slice(from * topK, to * topK),
        previous,
      });
    const { chosen } = await chain(0, select.length, ids[start]);
    let right = true;
    for (let depth = 0; depth < select.length && start + depth + 1 < ids.length; depth++) {
      const truth = ids[start + depth + 1];
      const alone = await chain(depth, depth + 1, ids[start + depth]);
      right &&= chosen[depth] === truth;
      counts.windows[depth]++;
      counts.independent[depth] += Number(topIds[depth * topK] === truth);
      counts.chained[depth] += Number(alone.chosen[0] === truth);
      counts.prefix[depth] += Number(right);
    }
  }
}

/** Makes the cache hold exactly these tokens. */
async function keep({ denoiser }: LoadedModel, cache: KvCache, ids: readonly number[]): Promise<void> {
  cache.truncate(Math.min(cache.length, ids.length));
  const rest = ids.slice(cache.length);
  if (rest.length === 0) return;
  const rows = promptRows(denoiser.spec, cache.length, rest);
  const result = await denoiser.forward({ cache, ...rows, select: [], topK: 1 });
  result.commit(rest.length);
}

async function main(modelDir: string, given: number | undefined): Promise<void> {
  const model = await loadModel({ modelDir, device: 'cpu', threads: 0 }, () => {});
  const window = given ?? model.folder.spec.blockSize;
  const zeros = () => Array<number>(window - 1).fill(0);
  const counts = { windows: zeros(), independent: zeros(), chained: zeros(), prefix: zeros() };
  const files = path.join(ROOT, 'bench', 'suites', 'infill-python', 'files');
  for (const file of readdirSync(files).sort()) {
    await measure(model, readFileSync(path.join(files, file), 'utf8'), window, counts);
  }
  await model.release();
  const shares = (hits: readonly number[]) =>
    hits.map((count, depth) => Number((count / counts.windows[depth]).toFixed(3)));
  const prefix = shares(counts.prefix);
  console.log(
    JSON.stringify({
      windows: counts.windows[0],
      independent: shares(counts.independent),
      chained: shares(counts.chained),
      prefix,
      rightInARow: Number(prefix.reduce((sum, share) => sum + share, 0).toFixed(3)),
    }),
  );
}

const [modelDir = path.join(ROOT, 'models', 'unmask-135m'), window] = process.argv.slice(2);
await main(modelDir, window === undefined ? undefined : Number(window));
