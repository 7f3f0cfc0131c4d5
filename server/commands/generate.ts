import { partPrefix, withoutBeginning } from '../engine/beginning.ts';
import type { EngineRequest } from '../engine/engine.ts';
import { type Command, UsageError, type Values } from './command.ts';
import { DECODE_OPTIONS, readDecodeOptions, text } from './decode-options.ts';
import { decodeOnce, decodingFields } from './decoding.ts';
import { readText } from './input.ts';

export const generate: Command = {
  name: 'generate',
  usage: '--prompt TEXT | --prompt-file F [--suffix-file F]',
  summary: 'raw continuation of a text, or infill between a text and a suffix',
  options: {
    prompt: { type: 'string', help: 'the text to continue' },
    'prompt-file': { type: 'string', help: 'a file with the text to continue' },
    chat: { type: 'boolean', help: 'the text is a message, which a chat model answers' },
    'suffix-file': { type: 'string', help: 'a file with the text that follows: fills the middle' },
    ...DECODE_OPTIONS,
  },
  async run(args, values, io) {
    if (args.length > 0) throw new UsageError(`what is '${args[0]}'? A prompt follows --prompt`);
    const options = readDecodeOptions(values);
    const prompt = await readPrompt(values);
    const trajectory = await decodeOnce({ prompt, settings: {}, candidates: 0 }, options, io);
    const response = withoutBeginning(trajectory);
    io.result(response, { ...decodingFields(trajectory), text: response });
  },
};

async function readPrompt(values: Values): Promise<EngineRequest['prompt']> {
  const given = text(values, 'prompt');
  const file = text(values, 'prompt-file');
  if ((given === undefined) === (file === undefined)) {
    throw new UsageError('give the prompt by either --prompt or --prompt-file');
  }
  const suffixFile = text(values, 'suffix-file');
  const chat = values.chat === true;
  if (chat && suffixFile !== undefined) throw new UsageError('--chat answers, --suffix-file fills: give one');
  const prefix = given ?? (await readText(file ?? ''));
  return {
    ...(suffixFile === undefined ? { prefix } : partPrefix(prefix)),
    suffix: suffixFile === undefined ? '' : await readText(suffixFile),
    fim: suffixFile !== undefined,
    ...(chat && { chat }),
    // All that the model has positions for.
    budget: Number.MAX_SAFE_INTEGER,
  };
}
