/**
 * Forwards of a tiny model on the device that the command line names, in a process of its own: prints the hidden states
 * of every forward as JSON.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ForwardRequest, KvCache } from '../../server/decode/denoiser.ts';
import { type Devices, FallbackDenoiser } from '../../server/engine/fallback-denoiser.ts';
import { loadOrt } from '../../server/engine/ort.ts';
import { OrtCache, OrtCacheMemory } from '../../server/engine/ort-cache.ts';
import { OrtDenoiser } from '../../server/engine/ort-denoiser.ts';
import { openModel } from '../../server/models/registry.ts';
import type { RunningDevice } from '../../server/protocol.ts';
import { FIXTURES } from './model-files.ts';

/**
 * Hidden states of the last rows of forwards over two caches: rows are committed, all or some, or not at all, taken
 * back, more than a cache had room for, and copied. After nine forwards a device other than the processor fails.
 */
export async function forwardsOn(device: RunningDevice): Promise<number[][]> {
  const folder = await openModel(path.join(FIXTURES, 'qwen3-sdar-block4'));
  const ort = await loadOrt();
  const states: number[][] = [];
  let fed = 0;
  const devices: Devices = {
    async open(on) {
      const denoiser = await OrtDenoiser.open(ort, folder, 1, { device: on });
      const forward = async (request: ForwardRequest) => {
        if (on !== 'cpu' && states.length === 9) throw new Error(`${on} was lost`);
        return denoiser.forward(request);
      };
      return {
        spec: denoiser.spec,
        newCache: () => denoiser.newCache(),
        forward,
        release: () => denoiser.release(),
      };
    },
    next: async () => 'cpu',
  };
  const denoiser = await FallbackDenoiser.open(devices, device);
  const feed = async (cache: KvCache, rows: number, committed: number) => {
    const { length } = cache;
    const ids = Array.from({ length: rows }, () => (37 * fed++) % folder.spec.vocabSize);
    const result = await denoiser.forward({
      cache,
      ids,
      positions: ids.map((_, row) => length + row),
      visible: (row, column) => column <= length + row,
      select: [rows - 1],
      topK: 1,
      hidden: true,
    });
    result.commit(committed);
    states.push([...result.hidden!]);
  };
  // They grow by 64 columns, not by the many of caches that a device keeps.
  const [cache, other] = [0, 1].map(() => new OrtCache(new OrtCacheMemory(ort, folder.spec)));
  await feed(cache, 60, 60);
  await feed(cache, 3, 0);
  await feed(cache, 4, 2);
  cache.truncate(50);
  await feed(cache, 2, 2);
  await feed(cache, 40, 40);
  await feed(other, 5, 5);
  await feed(cache, 3, 3);
  await feed(cache, 3, 3);
  other.copy(cache);
  other.truncate(70);
  await feed(other, 4, 4);
  await feed(cache, 3, 3);
  await feed(other, 3, 3);
  await denoiser.release();
  return states;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(JSON.stringify(await forwardsOn(process.argv[2] as RunningDevice)));
}
