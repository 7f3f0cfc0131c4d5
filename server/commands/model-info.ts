import type { ModelFolder } from '../models/model-folder.ts';
import { openModel } from '../models/registry.ts';
import type { DenoiserSpec } from '../models/spec.ts';
import { loadTokenizer, type Tokenizer } from '../models/tokenizer.ts';
import { type Command, UsageError } from './command.ts';

export const modelInfo: Command = {
  name: 'model info',
  usage: 'DIR',
  summary: 'check a model folder and show what is in it',
  options: {},
  async run(args, _values, io) {
    if (args.length !== 1) throw new UsageError('one model folder is needed');
    const model = await openModel(args[0]);
    const tokenizer = model.tokenizerPath === undefined ? undefined : await loadTokenizer(model);
    io.result(describe(model, tokenizer), {
      name: model.name,
      family: model.spec.family,
      parameters: model.parameters,
      bytes: model.bytes,
      quantization: model.quantization,
      weights: model.weightsHash,
      tokens: tokenizer?.vocabSize ?? null,
      spec: model.spec,
    });
  },
};

/** How the text between a prefix and a suffix is asked for. */
function infilling({ fim, cleanAttention, chat }: DenoiserSpec): string {
  if (fim) return fim.order;
  if (cleanAttention === 'full') return 'between prefix and suffix';
  return chat ? 'by rewriting, as an answer' : 'no';
}

function describe(model: ModelFolder, tokenizer: Tokenizer | undefined): string {
  const { spec } = model;
  const decoding =
    spec.maskTokenId === undefined
      ? 'autoregressive, with prompt lookup: the config names no mask token'
      : `window of ${spec.blockSize}, mask token ${spec.maskTokenId}, clean rows ${spec.cleanAttention}, logit shift ${spec.logitShift}`;
  const lines = {
    name: model.name,
    family: spec.family,
    parameters: `${(model.parameters / 1e6).toFixed(1)} M`,
    weights: `${(model.bytes / 1e6).toFixed(1)} MB, ${model.quantization === 'none' ? 'not quantised' : model.quantization} (${model.weightsHash})`,
    shape: `${spec.layers} layers, width ${spec.hiddenSize}, ${spec.heads} heads (${spec.kvHeads} for keys and values) of ${spec.headDim}`,
    vocabulary: `${spec.vocabSize}${tokenizer ? `, tokenizer with ${tokenizer.vocabSize}` : ', no tokenizer'}`,
    context: `${spec.maxPositions} tokens, rope ${spec.rope.type} with base ${spec.rope.theta}`,
    decoding,
    infilling: infilling(spec),
    chat: spec.chat ? `yes, an answer ends with ${spec.chat.end}` : 'no',
    experts: spec.experts ? `${spec.experts.count}, of which a row takes ${spec.experts.chosen}` : 'no',
    'sampler head': spec.samplerHead ? spec.samplerHead.file : 'no',
  };
  return Object.entries(lines)
    .map(([key, value]) => `${key.padEnd(12)}  ${value}`)
    .join('\n');
}
