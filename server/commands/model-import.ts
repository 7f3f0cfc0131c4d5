import documents from '../bench/documents.json' with { type: 'json' };
import { compareModels } from '../engine/quality.ts';
import { defaultThreads } from '../engine/threads.ts';
import { describeQuality } from '../models/card.ts';
import { importModel } from '../models/import.ts';
import type { Quality, Quantization } from '../models/model-folder.ts';
import { type Command, UsageError } from './command.ts';
import { reportTenths } from './progress.ts';

const QUANTIZATIONS: readonly string[] = ['none', 'int8', 'int4'] satisfies Quantization[];

/** What a rounded model is compared on. */
const SAMPLE = documents.map(({ prefix }) => prefix).join('\n');

export const modelImport: Command = {
  name: 'model import',
  usage: 'SRC DIR --quantize none|int8|int4 [--adapter F]',
  summary: 'make a model folder out of safetensors or GGUF weights, a config and a tokenizer',
  options: {
    quantize: {
      type: 'string',
      help: 'none keeps the precision, int8 rounds per output row, int4 per block of 32 numbers',
    },
    adapter: { type: 'string', help: 'LoRA adapter (safetensors, adapter_config.json beside it) to merge' },
  },
  async run(args, values, io) {
    if (args.length !== 2) throw new UsageError('a source folder and a new folder are needed');
    const quantize = values.quantize;
    if (typeof quantize !== 'string' || !QUANTIZATIONS.includes(quantize)) {
      throw new UsageError(`--quantize must be ${QUANTIZATIONS.join(' or ')}`);
    }
    let quality: Quality | undefined;
    const model = await importModel(args[0], args[1], {
      quantize: quantize as Quantization,
      adapter: typeof values.adapter === 'string' ? values.adapter : undefined,
      signal: io.signal,
      progress: reportTenths((percent) => io.note(`${percent} % of the weights written`)),
      async compare(made, source) {
        quality = await compareModels(made, source, SAMPLE, defaultThreads());
        return quality;
      },
    });
    const size = `${model.dir}: ${(model.bytes / 1e6).toFixed(1)} MB of weights, ${model.weightsHash}`;
    const lines = [size, ...(quality ? [`compared with its source: ${describeQuality(quality)}`] : [])];
    io.result(lines.join('\n'), {
      name: model.name,
      dir: model.dir,
      family: model.spec.family,
      parameters: model.parameters,
      bytes: model.bytes,
      quantization: model.quantization,
      weights: model.weightsHash,
      quality: quality ?? null,
    });
  },
};
