import { UserError } from '../errors.ts';
import { withChatEnd } from '../models/chat-end.ts';
import { openModel } from '../models/registry.ts';
import { loadTokenizer } from '../models/tokenizer.ts';
import type { RunningDevice } from '../protocol.ts';
import { defaultStorageDir } from '../storage.ts';
import { bestDevice, nextDevice, waysOf } from './devices.ts';
import { type DeviceDenoiser, type Devices, FallbackDenoiser } from './fallback-denoiser.ts';
import type { LoadedModel, LoadModel } from './loaded-model.ts';
import { fastest, fastestWindows } from './measurements.ts';
import { loadOrt } from './ort.ts';
import { OrtDenoiser } from './ort-denoiser.ts';
import { OrtSamplerHead } from './ort-sampler-head.ts';
import { Policies } from './policies.ts';
import { explain } from './probe-process.ts';
import { defaultThreads } from './threads.ts';
import { rememberedMeasurements } from './tuning.ts';

/** Opens a model folder on ONNX Runtime. Throws UserError when the folder, the device or the runtime is at fault. */
export const loadModel: LoadModel = async (options, onProgress): Promise<LoadedModel> => {
  onProgress(0, 'reading the model folder');
  const opened = await openModel(options.modelDir);
  onProgress(0.1, 'reading the tokenizer');
  const tokenizer = await loadTokenizer(opened);
  const folder = { ...opened, spec: withChatEnd(opened.spec, tokenizer) };
  onProgress(0.3, 'loading ONNX Runtime');
  const ort = await loadOrt();
  const storageDir = options.storageDir ?? defaultStorageDir();
  const device = options.device === 'auto' ? await bestDevice(storageDir) : options.device;
  const measured = await rememberedMeasurements(storageDir, { weights: folder.weightsHash, device });
  const threads = options.threads || (fastest(measured?.threads ?? []) ?? defaultThreads());
  const activations = fastest(measured?.activations ?? []);
  const samplerHead = await OrtSamplerHead.open(ort, folder, activations);
  const devices = {
    async open(on: RunningDevice) {
      onProgress(0.4, 'preparing the weights');
      const ways = await waysOf(storageDir, on);
      return OrtDenoiser.open(ort, folder, threads, { samplerHead, device: on, activations, ...ways });
    },
    next: (failed: RunningDevice) => nextDevice(storageDir, failed),
  };
  const denoiser =
    options.device === 'auto'
      ? await FallbackDenoiser.open(devices, device)
      : new FallbackDenoiser(devices, device, await openOn(devices, device, folder.name));
  onProgress(1, 'ready');
  const policies = new Policies(ort, folder, threads);
  return {
    folder,
    denoiser,
    tokenizer,
    get device() {
      return denoiser.device;
    },
    threads,
    windows: fastestWindows(measured),
    policy: (file) => policies.get(file),
    async release() {
      await policies.release();
      await samplerHead?.release();
      await denoiser.release();
    },
  };
};

/** Throws UserError for a device that the user chose and that cannot. */
function openOn(devices: Devices, device: RunningDevice, model: string): Promise<DeviceDenoiser> {
  return devices.open(device).catch((error: Error) => {
    if (device === 'cpu') throw error;
    const problem = `The device ${device} cannot run ${model} (${explain(error.message)})`;
    throw new UserError(`${problem}; set unmask.device to auto or cpu.`);
  });
}
