// Measures a training step of the embedded model beside the same step in PyTorch, in turns, one JSON object a line:
//   node --import tsx bench/training/run.ts [lora,full] [PYTHON]
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { defaultThreads } from '../../server/engine/threads.ts';
import { openModel } from '../../server/models/registry.ts';
import type { SampleRows } from '../../server/train/objectives/objective.ts';
import { resolveSettings } from '../../server/train/settings.ts';
import { Trainer } from '../../server/train/trainer.ts';

const MODEL = path.join(import.meta.dirname, '../../models/unmask-135m');
const [ROWS, SELECTED, RANK, ROUNDS] = [512, 128, 64, 5];

type Parameters = 'lora' | 'full';

async function main(modes: readonly Parameters[], python: string): Promise<void> {
  const threads = defaultThreads();
  const torch = spawnSync(python, ['-c', 'import torch; print(torch.__version__)'], { encoding: 'utf8' });
  const version = torch.status === 0 ? torch.stdout.trim() : undefined;
  if (version === undefined)
    console.log(JSON.stringify({ skipped: 'PyTorch', reason: `${python} has none` }));
  for (const mode of modes) {
    await measure(mode, {}, threads, version && python);
    await measure(mode, { recompute: true }, threads);
    if (mode === 'lora') await measure(mode, { engineProducts: true }, threads);
  }
}

/** Rounds of both sides in turns: what else the machine does meets both. */
async function measure(
  parameters: Parameters,
  options: { recompute?: boolean; engineProducts?: boolean },
  threads: number,
  python?: string,
): Promise<void> {
  const settings = resolveSettings(
    { model: MODEL, data: ['-'], parameters, rank: RANK, threads, ...options },
    'bench',
  );
  const trainer = await Trainer.open(await openModel(MODEL), settings);
  const peers = python ? ['fp32', 'bf16'].map((dtype) => new Peer(python, parameters, dtype, threads)) : [];
  const own: number[] = [];
  const others = peers.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    own.push(await step(trainer, round));
    for (const [i, peer] of peers.entries()) others[i].push(await peer.step());
  }
  const best = Math.min(...own);
  console.log(
    JSON.stringify({
      parameters,
      ...options,
      rows: ROWS,
      selected: SELECTED,
      threads,
      rowsPerSecond: Math.round(ROWS / best),
      residentGB: Math.round(process.memoryUsage.rss() / 1e7) / 100,
      ...Object.fromEntries(
        peers.flatMap(({ dtype }, i) => {
          const peerBest = Math.min(...others[i]);
          return [
            [`pytorch ${dtype}`, Math.round(ROWS / peerBest)],
            [`times ${dtype}`, Math.round((100 * peerBest) / best) / 100],
          ];
        }),
      ),
    }),
  );
  for (const peer of peers) peer.end();
  await trainer.release();
}

/** Seconds of one step: forward, backward, clipping and AdamW. */
async function step(trainer: Trainer, round: number): Promise<number> {
  const rows = Array.from({ length: ROWS }, (_, row) => row);
  const sample: SampleRows = {
    ids: rows.map((row) => 100 + ((row * 7919) % 40000)),
    positions: rows,
    visible: (row, column) => column <= row,
    noisy: () => false,
    targets: rows
      .filter((row) => row % (ROWS / SELECTED) === 0)
      .map((row) => ({ row, token: 100 + ((row * 104729) % 40000), weight: 1, term: 'loss' })),
    denominators: { loss: SELECTED },
  };
  const start = performance.now();
  await trainer.step(round, [sample], { loss: 1 });
  return (performance.now() - start) / 1000;
}

/** step.py, waiting for its turn. */
class Peer {
  readonly dtype: string;
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(python: string, mode: Parameters, dtype: string, threads: number) {
    this.dtype = dtype;
    const config = path.join(MODEL, 'config.json');
    const script = path.join(import.meta.dirname, 'step.py');
    const args = [script, config, mode, dtype, threads, ROWS, SELECTED, RANK].map(String);
    this.#process = spawn(python, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines: Interface = createInterface({ input: this.#process.stdout! });
    this.#lines = lines[Symbol.asyncIterator]();
  }

  /** Seconds of one step. */
  async step(): Promise<number> {
    this.#process.stdin!.write('\n');
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('step.py has ended');
    return Number(value);
  }

  end(): void {
    this.#process.stdin!.end();
  }
}

const [modes = 'lora,full', python = 'python3'] = process.argv.slice(2);
main(modes.split(',') as Parameters[], python);
