import { UserError } from '../errors.ts';
import { withChatEnd } from '../models/chat-end.ts';
import { openModel } from '../models/registry.ts';
import { loadTokenizer } from '../models/tokenizer.ts';
import type { EngineOptions } from '../protocol.ts';
import type { LoadedModel, LoadModel } from './loaded-model.ts';
import { loadOrt } from './ort.ts';
import { OrtDenoiser } from './ort-denoiser.ts';
import { OrtSamplerHead } from './ort-sampler-head.ts';
import { defaultThreads } from './threads.ts';

/** Opens a model folder on ONNX Runtime. Throws UserError when the folder, the device or the runtime is at fault. */
export const loadModel: LoadModel = async (options, onProgress): Promise<LoadedModel> => {
  checkDevice(options);
  onProgress(0, 'reading the model folder');
  const opened = await openModel(options.modelDir);
  onProgress(0.1, 'reading the tokenizer');
  const tokenizer = await loadTokenizer(opened);
  const folder = { ...opened, spec: withChatEnd(opened.spec, tokenizer) };
  onProgress(0.3, 'loading ONNX Runtime');
  const ort = await loadOrt();
  onProgress(0.4, 'preparing the weights');
  const threads = options.threads || defaultThreads();
  const samplerHead = await OrtSamplerHead.open(ort, folder);
  const denoiser = await OrtDenoiser.open(ort, folder, threads, samplerHead);
  onProgress(1, 'ready');
  return {
    folder,
    denoiser,
    tokenizer,
    device: 'cpu',
    threads,
    async release() {
      await samplerHead?.release();
      await denoiser.release();
    },
  };
};

function checkDevice({ device }: EngineOptions): void {
  if (device === 'auto' || device === 'cpu') return;
  throw new UserError(`device ${device} is not supported yet: set it to auto or cpu.`);
}
