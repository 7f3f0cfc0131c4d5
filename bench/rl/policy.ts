// What a learned policy costs beside the forwards that it decides about; one JSON object:
//   node --import tsx bench/rl/policy.ts [MODEL] [POLICY]
// Without a file a new policy of the published sizes is measured, whose numbers do not change the time. Medians over
// decodings of a few functions of the starter suite in the mode `threshold`, policy and forward in turns.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { median } from '../../server/bench/statistics.ts';
import { decode } from '../../server/decode/decode.ts';
import type { Denoiser } from '../../server/decode/denoiser.ts';
import type { LearnedPolicy } from '../../server/decode/unmasking/learned-policy.ts';
import { loadModel } from '../../server/engine/load.ts';
import { loadOrt } from '../../server/engine/ort.ts';
import { OrtPolicy } from '../../server/engine/ort-policy.ts';
import { readPolicy } from '../../server/models/policy-file.ts';
import { readTasks } from '../../server/tasks/read-tasks.ts';
import { RL_PRESETS } from '../../server/train/rl/presets/index.ts';
import { resolveGrpoSettings } from '../../server/train/rl/settings.ts';
import { initialPolicy } from '../../server/train/rl/unmasking/initial-policy.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const TASKS = 4;

async function main(model: string, file: string | undefined): Promise<void> {
  const { folder, denoiser, tokenizer, threads, release } = await loadModel(
    { modelDir: model, device: 'cpu', threads: 0 },
    () => {},
  );
  const settings = resolveGrpoSettings({ model, tasks: 'none', recipe: RL_PRESETS.jazbec }, 'bench');
  const stored = file === undefined ? await initialPolicy(folder, settings) : await readPolicy(file, folder);
  const policy = await OrtPolicy.open(await loadOrt(), stored);
  const forwards: number[] = [];
  const decisions: number[] = [];
  const timed = async <T>(times: number[], work: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await work();
    times.push(performance.now() - start);
    return result;
  };
  const measured: Denoiser = {
    ...{ spec: denoiser.spec, samplerHead: denoiser.samplerHead, newCache: () => denoiser.newCache() },
    // Prefills take longer.
    forward: (request) => timed(request.select.length > 0 ? forwards : [], () => denoiser.forward(request)),
  };
  const asked: LearnedPolicy = {
    ...stored.header,
    window: policy.window,
    logits: (view) => timed(decisions, () => policy.logits(view)),
  };
  const { tasks } = await readTasks(path.join(ROOT, 'tasks/starter.jsonl'));
  for (const [seed, { prefix }] of tasks.slice(0, TASKS).entries()) {
    const decoding = { mode: 'threshold', policy: 'learned', maxTokens: 24, seed } as const;
    await decode(measured, tokenizer, denoiser.newCache(), tokenizer.encode(prefix), decoding, {
      cancelled: () => false,
      candidates: 0,
      policy: asked,
    });
  }
  const [forward, decision] = [median(forwards), median(decisions)];
  const { window } = policy;
  console.log(
    JSON.stringify({ model: folder.name, threads, window, forward, decision, share: decision / forward }),
  );
  await policy.release();
  await release();
}

const { positionals } = parseArgs({ allowPositionals: true });
await main(positionals[0] ?? path.join(ROOT, 'models/unmask-135m'), positionals[1]);
