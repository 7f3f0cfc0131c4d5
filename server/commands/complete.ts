import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type CompletionEngine, complete as completeAtCursor } from '../completion/completion.ts';
import type { CompletionRequest } from '../completion/request.ts';
import type { DecodeSettings } from '../protocol.ts';
import { readSettings } from '../settings.ts';
import { type Command, UsageError } from './command.ts';
import { DECODE_OPTIONS, readDecodeOptions } from './decode-options.ts';
import { decodeOnce, decodingFields } from './decoding.ts';
import { offsetOf, parsePlace, readText } from './input.ts';

/** Names that editors give to languages, where they are not the ending of the file. */
const LANGUAGE_IDS: Record<string, string> = { py: 'python', md: 'markdown', txt: 'plaintext' };

export const complete: Command = {
  name: 'complete',
  usage: 'FILE:LINE:COL',
  summary: 'the completion that an editor would get at a cursor (line and column from 1)',
  options: DECODE_OPTIONS,
  async run(args, values, io) {
    if (args.length !== 1) throw new UsageError('one place FILE:LINE:COL is needed');
    const options = readDecodeOptions(values);
    const place = parsePlace(args[0]);
    const document = await readText(place.file);
    const request: CompletionRequest = {
      uri: pathToFileURL(place.file).href,
      languageId: languageId(place.file),
      text: document,
      offset: offsetOf(document, place),
      manual: true,
    };
    const engine: CompletionEngine = {
      complete: (asked, hooks) => decodeOnce(asked, options, io, hooks),
    };
    const { settings } = readSettings(completionSettings(options.settings));
    const { completion, reason, trajectory, confidence } = await completeAtCursor(request, settings, engine);
    if (reason !== undefined) io.note(`no completion: ${reason}`);
    const text = completion?.text ?? '';
    io.result(text, {
      ...(trajectory ? decodingFields(trajectory) : NOT_DECODED),
      text,
      /** Characters after the cursor that the text replaces. */
      replaced: completion ? completion.end - completion.start : 0,
      confidence: Number.isNaN(confidence) ? null : confidence,
      reason: reason ?? null,
    });
  },
};

/** Another way of decoding that was asked for is not given up for beams. */
function completionSettings({ beams, maxTokens: _, ...way }: Partial<DecodeSettings>) {
  return { beams: beams ?? (Object.keys(way).length === 0 ? undefined : 1) };
}

/** The fields of a decoding where the model was not asked. */
const NOT_DECODED = {
  tokens: 0,
  forwards: { prefill: 0, denoise: 0, total: 0 },
  tpf: { denoise: 0, total: 0 },
  ms: { load: 0, prefill: 0, decode: 0 },
  stop: null,
  decode: null,
  rollbacks: 0,
  model: null,
  device: null,
};

function languageId(file: string): string {
  const ending = path.extname(file).slice(1);
  return LANGUAGE_IDS[ending] ?? ending;
}
