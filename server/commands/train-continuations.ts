import { loadModel } from '../engine/load.ts';
import { replaceFile } from '../files.ts';
import { type Continuation, continuations } from '../train/data/continuations.ts';
import { Corpus } from '../train/data/corpus.ts';
import { Sampler } from '../train/data/sampler.ts';
import { type Command, UsageError } from './command.ts';
import { DECODE_OPTIONS, number, readDecodeOptions, text } from './decode-options.ts';

/** Samples are cut to so many tokens before their ends are thrown away. */
const SAMPLE_TOKENS = 256;

export const trainContinuations: Command = {
  name: 'train continuations',
  usage: 'DATA... --out FILE [--count N]',
  summary: 'greedy continuations of texts by the model itself, for training it on what it writes',
  options: {
    out: { type: 'string', help: 'file of JSON lines to write: prompt_ids, completion_ids' },
    count: { type: 'string', help: 'how many (default 1000)' },
    'fim-share': { type: 'string', help: 'share of texts that are cut for infilling (default 0.5)' },
    model: DECODE_OPTIONS.model,
    'max-tokens': DECODE_OPTIONS['max-tokens'],
    seed: { type: 'string', help: 'of the drawn texts (default 0)' },
    threads: DECODE_OPTIONS.threads,
  },
  async run(args, values, io) {
    const out = text(values, 'out');
    if (args.length === 0 || out === undefined) throw new UsageError('DATA and --out FILE are needed');
    const { engine, settings } = readDecodeOptions(values);
    const { maxTokens = 64, seed = 0 } = settings;
    const count = number(values, 'count') ?? 1000;
    const fimShare = number(values, 'fim-share') ?? 0.5;
    if (!Number.isSafeInteger(count) || count < 1)
      throw new UsageError('--count must be a whole number from 1 on');
    if (fimShare < 0 || fimShare > 1) throw new UsageError('--fim-share must be a number from 0 to 1');
    const corpus = await Corpus.open(args);
    const model = await loadModel(engine, () => {});
    try {
      const shape = { sampleTokens: SAMPLE_TOKENS, fimShare };
      const sampler = new Sampler(corpus, model.tokenizer, model.folder.spec, shape);
      const made: Continuation[] = [];
      const drawn = continuations(model, sampler, { count, seed, maxTokens }, () => io.signal.aborted);
      for await (const continuation of drawn) {
        made.push(continuation);
        if (made.length % 100 === 0) io.note(`${made.length} of ${count}`);
      }
      const lines = made.map(
        ({ promptIds, completionIds }) =>
          `${JSON.stringify({ prompt_ids: promptIds, completion_ids: completionIds })}\n`,
      );
      await replaceFile(out, lines.join(''));
      const tokens = made.reduce((sum, { completionIds }) => sum + completionIds.length, 0);
      io.result(`${made.length} continuations of ${tokens} tokens: ${out}`, {
        count: made.length,
        tokens,
        out,
      });
    } finally {
      await model.release();
    }
  },
};
