import { partPrefix } from '../engine/beginning.ts';
import type { Engine, EngineRequest } from '../engine/engine.ts';
import { UserError } from '../errors.ts';
import type { DecodeMode, Trajectory } from '../protocol.ts';
import documents from './documents.json' with { type: 'json' };
import { type BenchRow, row } from './row.ts';
import { median, sum } from './statistics.ts';

const MODES: readonly DecodeMode[] = ['ar', 'threshold', 'verified'];

/** What is decoded: the rest of a line in the middle of a document, or a longer text after its beginning. */
const TASKS: Record<string, (document: (typeof documents)[number]) => Omit<EngineRequest, 'candidates'>> = {
  lines: ({ prefix, suffix }) => ({
    prompt: { ...partPrefix(prefix), suffix, fim: true, budget: 0 },
    settings: { stopStrings: ['\n'], maxTokens: 64 },
  }),
  functions: ({ prefix }) => ({
    prompt: { prefix, suffix: '', fim: false, budget: 0 },
    settings: { maxTokens: 64 },
  }),
};

/** The trajectories of one round, by row name. */
export type Round = Record<string, Trajectory[]>;

/** Decodes every document by every mode, greedily, on a warm engine. Throws UserError when the engine fails. */
export async function decodeRound(engine: Engine): Promise<Round> {
  const round: Round = {};
  for (const [task, request] of Object.entries(TASKS)) {
    for (const mode of MODES) {
      const name = `${task}, ${mode}`;
      round[name] = [];
      for (const document of documents) {
        const { prompt, settings } = request(document);
        const trajectory = await engine.complete({ prompt, settings: { ...settings, mode }, candidates: 0 });
        if (!trajectory) throw new UserError(`The engine gave no answer (${name}): see the messages above.`);
        round[name].push(trajectory);
      }
    }
  }
  return round;
}

/** One row a mode and task: the best round's speed; what was decoded is the same in all. */
export function decodingRows(rounds: readonly Round[]): BenchRow[] {
  return Object.keys(rounds[0]).map((name) => {
    const milliseconds = rounds.map((round) => sum(round[name].map(({ ms }) => ms.decode)));
    const trajectories = rounds[0][name];
    const tokens = sum(trajectories.map(({ responseIds }) => responseIds.length));
    const denoise = sum(trajectories.map(({ forwards }) => forwards.denoise));
    const total = sum(trajectories.map(({ forwards }) => forwards.total));
    const best = Math.min(...milliseconds);
    return row(name, {
      tokensPerSecond: (tokens / best) * 1000,
      msPerForward: best / total,
      medianMsPerForward: median(milliseconds) / total,
      tpf: { denoise: tokens / denoise, total: tokens / total },
    });
  });
}
