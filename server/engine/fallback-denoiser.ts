import type { Denoiser, ForwardRequest, ForwardResult, KvCache, SamplerHead } from '../decode/denoiser.ts';
import type { DenoiserSpec } from '../models/spec.ts';
import type { RunningDevice } from '../protocol.ts';
import { explain } from './probe-process.ts';

/** One model on any device. Caches of one denoiser serve all others. */
export interface Devices {
  open(device: RunningDevice): Promise<DeviceDenoiser>;
  /** The device to be used where one has failed; after the last of them, the processor. */
  next(failed: RunningDevice): Promise<RunningDevice>;
}

export type DeviceDenoiser = Denoiser & { release(): Promise<void> };

/**
 * Goes on with the next device when one fails in a forward, because it was lost or is out of memory. The forward is
 * repeated there: caches lie in the memory of this process, whatever the device, so that a decoding goes on from what it
 * has settled.
 */
export class FallbackDenoiser implements DeviceDenoiser {
  readonly #devices: Devices;
  #device: RunningDevice;
  #denoiser: DeviceDenoiser;

  constructor(devices: Devices, device: RunningDevice, denoiser: DeviceDenoiser) {
    this.#devices = devices;
    this.#device = device;
    this.#denoiser = denoiser;
  }

  /** Opens on `device`, or on the next one that can. Rejects where the processor cannot either. */
  static async open(devices: Devices, device: RunningDevice): Promise<FallbackDenoiser> {
    try {
      return new FallbackDenoiser(devices, device, await devices.open(device));
    } catch (error) {
      const opened = await openAfter(devices, device, error as Error);
      return new FallbackDenoiser(devices, opened.device, opened.denoiser);
    }
  }

  /** What runs the forwards now. */
  get device(): RunningDevice {
    return this.#device;
  }

  get spec(): DenoiserSpec {
    return this.#denoiser.spec;
  }

  get samplerHead(): SamplerHead | undefined {
    return this.#denoiser.samplerHead;
  }

  newCache(): KvCache {
    return this.#denoiser.newCache();
  }

  async forward(request: ForwardRequest): Promise<ForwardResult> {
    try {
      return await this.#denoiser.forward(request);
    } catch (error) {
      if (this.#device === 'cpu') throw error;
      // What is lost cannot always be let go of.
      await this.#denoiser.release().catch(() => {});
      const opened = await openAfter(this.#devices, this.#device, error as Error);
      this.#device = opened.device;
      this.#denoiser = opened.denoiser;
      return this.forward(request);
    }
  }

  release(): Promise<void> {
    return this.#denoiser.release();
  }
}

/** Opens on the first device after `failed` that can, and says so once. */
async function openAfter(
  { open, next }: Devices,
  failed: RunningDevice,
  reason: Error,
): Promise<{ device: RunningDevice; denoiser: DeviceDenoiser }> {
  let device = failed;
  let problem = reason;
  while (device !== 'cpu') {
    device = await next(device);
    try {
      const denoiser = await open(device);
      process.stderr.write(`The device ${failed} failed, ${device} is used: ${explain(reason.message)}\n`);
      return { device, denoiser };
    } catch (error) {
      problem = error as Error;
    }
  }
  throw problem;
}
