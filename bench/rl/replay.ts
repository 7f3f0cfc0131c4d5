// Samples responses and replays them in the trainer's graph; one JSON object for each way of proposing:
//   node --import tsx bench/rl/replay.ts [MODEL] [RESPONSES]
// `plain` has no sampler head, `naive` chains by the head's definition, `engine` as the engine does, in int8.
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { SamplerHeadWeights } from '../../kernels/naive-sampler-head.ts';
import { decode } from '../../server/decode/decode.ts';
import type { Denoiser } from '../../server/decode/denoiser.ts';
import { naiveSamplerHead } from '../../server/decode/naive-sampler-head.ts';
import { Random } from '../../server/decode/random.ts';
import { loadModel } from '../../server/engine/load.ts';
import type { LoadedModel } from '../../server/engine/loaded-model.ts';
import { readTasks } from '../../server/tasks/read-tasks.ts';
import { scoredBatch } from '../../server/train/rl/policy-batches.ts';
import { policyRows } from '../../server/train/rl/policy-rows.ts';
import { REPLAYERS } from '../../server/train/rl/replay/index.ts';
import { recordedCandidates } from '../../server/train/rl/replay/recorded-tokens.ts';
import { samplerHeadPlan } from '../../server/train/sampler-head-weights.ts';
import { TrainingSession } from '../../server/train/session.ts';
import { initialValues } from '../../server/train/trained-weights.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const SAMPLING = { mode: 'threshold', threshold: 0.9, temperature: 1, topK: 50, maxTokens: 48 } as const;
const REPLAY = {
  replayer: 'exact',
  likelihood: 'behaviour',
  shrink: 1,
  promptMask: 0,
  scoreAfterEnd: true,
} as const;

async function main(model: string, count: number): Promise<void> {
  const loaded = await loadModel({ modelDir: model, device: 'cpu', threads: 0 }, () => {});
  const { folder, denoiser } = loaded;
  const { spec } = folder;
  const plan = { tensors: new Set<string>(), samplerHead: samplerHeadPlan(folder) };
  const session = await TrainingSession.open(folder, plan, loaded.threads, {
    policy: { competition: 'listed', suppressed: spec.suppressedTokenIds },
  });
  const values = await initialValues(folder, session.parameters, 0);
  const heads = {
    plain: undefined,
    naive: naiveSamplerHead(await definition(loaded, values), spec.samplerHead!.candidates),
    engine: denoiser.samplerHead,
  };
  const { tasks } = await readTasks(path.join(ROOT, 'tasks/starter.jsonl'));
  for (const [name, samplerHead] of Object.entries(heads)) {
    const proposing: Denoiser = {
      spec,
      samplerHead,
      newCache: () => denoiser.newCache(),
      forward: (r) => denoiser.forward(r),
    };
    const differences: number[] = [];
    let [rows, sums] = [0, 0];
    for (const [seed, { prefix }] of tasks.slice(0, count).entries()) {
      const hooks = { cancelled: () => false, candidates: recordedCandidates(spec, SAMPLING) };
      const prompt = loaded.tokenizer.encode(prefix);
      const recorded = await decode(
        proposing,
        loaded.tokenizer,
        denoiser.newCache(),
        prompt,
        { ...SAMPLING, seed },
        hooks,
      );
      const states = REPLAYERS.exact.states(recorded, spec, REPLAY, new Random(seed));
      const laidOut = policyRows(spec, [{ ...recorded, states }]);
      rows += laidOut.ids.length;
      const scores = await session.score(scoredBatch(laidOut, 'behaviour', SAMPLING.temperature), values);
      const logProbs = recorded.steps.flatMap(({ revealed }) =>
        revealed.toSorted((a, b) => a.position - b.position).map(({ logProb }) => logProb),
      );
      const here = logProbs.map((logProb, i) => scores[i] - logProb);
      differences.push(...here);
      sums = Math.max(sums, Math.abs(here.reduce((sum, difference) => sum + difference, 0)));
    }
    const sizes = differences.map(Math.abs);
    console.log(
      JSON.stringify({
        proposals: name,
        responses: count,
        tokens: sizes.length,
        rows,
        largestOfToken: Math.max(...sizes),
        meanOfToken: sizes.reduce((sum, size) => sum + size, 0) / sizes.length,
        largestOfSum: sums,
      }),
    );
  }
}

/** The head as its definition has it, in the precision of its file. */
async function definition(
  { folder }: LoadedModel,
  values: ReadonlyMap<string, Float32Array>,
): Promise<SamplerHeadWeights> {
  const { hiddenSize, tiedHead, samplerHead } = folder.spec;
  const embedding = await folder.readTensor('model.embed_tokens.weight');
  const head = tiedHead ? embedding : await folder.readTensor('lm_head.weight');
  const rowOf = (matrix: Float32Array) => (id: number) =>
    matrix.subarray(id * hiddenSize, (id + 1) * hiddenSize);
  return {
    w1: values.get('sampler_head.w1.weight')!,
    b1: values.get('sampler_head.w1.bias')!,
    w2: values.get('sampler_head.w2.weight')!,
    b2: values.get('sampler_head.w2.bias')!,
    embeddingScale: samplerHead!.embeddingScale,
    embeddingRow: rowOf(embedding),
    outputRow: rowOf(head),
  };
}

const { positionals } = parseArgs({ allowPositionals: true });
await main(positionals[0] ?? path.join(ROOT, 'models/unmask-135m'), Number(positionals[1] ?? 8));
