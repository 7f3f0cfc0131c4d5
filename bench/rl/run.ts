// Takes steps of reinforcement learning with the embedded model and the sandbox, as a run does, and tells of each, one JSON
// object a line, where its time went; then the same work by PyTorch:
//   node --import tsx bench/rl/run.ts [STEPS] [PYTHON]
// `outside` is the share of a step that is neither a run of the runtime nor a wait for verdicts.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { CHAIN } from '../../kernels/sampler-head.ts';
import { defaultThreads } from '../../server/engine/threads.ts';
import { defaultModelDir } from '../../server/models/installed.ts';
import type { Trajectory } from '../../server/protocol.ts';
import { Sandbox, type SandboxOptions } from '../../server/sandbox/sandbox.ts';
import { runGrpo } from '../../server/train/rl/grpo.ts';
import type { RewardSandbox } from '../../server/train/rl/grpo-loop.ts';
import type { StepRow } from '../../server/train/rl/grpo-row.ts';
import { RL_PRESETS } from '../../server/train/rl/presets/index.ts';
import { type GrpoSettings, resolveGrpoSettings } from '../../server/train/rl/settings.ts';
import { RunFolder } from '../../server/train/run/run-folder.ts';
import { parseTrajectory } from '../../server/trajectory-file.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const MODEL = defaultModelDir();
const PRESET = 'lightningrl-verified';

/** What the runtime has done in this process: runs, the sampler head's chains apart, and sessions that it has opened. */
const runtime = {
  runs: { count: 0, seconds: 0 },
  chains: { count: 0, seconds: 0 },
  opened: { count: 0, seconds: 0 },
};

async function main(steps: number, python: string): Promise<void> {
  watchRuntime();
  const dir = mkdtempSync(path.join(os.tmpdir(), 'unmask-bench-'));
  try {
    const run = await RunFolder.create(path.join(dir, 'run'), settings(steps));
    const last = await own(run, steps);
    peer(python, last, trajectories(run, last.step));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function settings(steps: number): GrpoSettings {
  const given = {
    ...{ model: MODEL, tasks: path.join(ROOT, 'tasks/starter.jsonl'), level: 1, steps, evaluateEvery: 0 },
    ...{ preset: PRESET, recipe: RL_PRESETS[PRESET] },
  };
  return resolveGrpoSettings(given, 'bench');
}

/** Responses that were sampled in a step. */
function trajectories(run: RunFolder, step: number): Trajectory[] {
  const dir = path.join(run.dir, 'traces');
  const files = readdirSync(dir).filter((name) => name.startsWith(`${step}-`));
  return files.map((name) => parseTrajectory(readFileSync(path.join(dir, name), 'utf8'), name));
}

/** Trains for some steps; returns the last one. */
async function own(run: RunFolder, steps: number): Promise<StepRow> {
  const rows: StepRow[] = [];
  let mostSandboxBytes = 0;
  // Its processes end when they have had nothing to do for a while.
  const openSandbox = async (options: Partial<SandboxOptions>): Promise<RewardSandbox> => {
    const sandbox = await Sandbox.open(options);
    return {
      async verdict(candidate, signal) {
        const verdict = await sandbox.verdict(candidate, signal);
        const { workers, judge } = sandbox.pids;
        const bytes = [...workers, judge].reduce<number>((sum, pid) => sum + residentBytes(pid), 0);
        mostSandboxBytes = Math.max(mostSandboxBytes, bytes);
        return verdict;
      },
      close: () => sandbox.close(),
    };
  };
  let before = structuredClone(runtime);
  const onRow = (row: object) => {
    if (!('reward' in row)) return;
    const step = row as StepRow;
    rows.push(step);
    const spent = (part: keyof typeof runtime) => ({
      count: runtime[part].count - before[part].count,
      seconds: rounded(runtime[part].seconds - before[part].seconds),
    });
    const [runs, chains, opened] = [spent('runs'), spent('chains'), spent('opened')];
    const outside = rounded(1 - (runs.seconds + chains.seconds + step.seconds.reward) / step.seconds.all);
    const sandboxGB = rounded(mostSandboxBytes / 1e9);
    console.log(JSON.stringify({ ...described(step), sandboxGB, runs, chains, opened, outside }));
    before = structuredClone(runtime);
  };
  await runGrpo(run, settings(steps), new AbortController().signal, onRow, openSandbox);
  return rows.at(-1)!;
}

function described({ step, responses, length, tpf, rows, seconds, memory }: StepRow) {
  const { checkpoint, ...others } = seconds;
  return {
    step,
    threads: defaultThreads(),
    responses,
    tokens: Math.round(responses * length),
    tpf: rounded(tpf),
    rows,
    seconds: Object.fromEntries(Object.entries(others).map(([name, value]) => [name, rounded(value)])),
    checkpointBefore: rounded(checkpoint),
    responsesPerSecond: rounded(responses / seconds.all),
    trainerGB: rounded(memory / 1e9),
  };
}

/** Counts what all sessions do that are opened from now on, underneath the promises of the runtime. */
function watchRuntime(): void {
  const require = createRequire(import.meta.url);
  const { binding } = require(path.join(path.dirname(require.resolve('onnxruntime-node')), 'binding.js'));
  binding.InferenceSession = class extends binding.InferenceSession {
    loadModel(...model: unknown[]) {
      return timed('opened', () => super.loadModel(...model));
    }

    run(feeds: object, ...others: unknown[]) {
      return timed(CHAIN.noise in feeds ? 'chains' : 'runs', () => super.run(feeds, ...others));
    }
  };
}

function timed<T>(part: keyof typeof runtime, work: () => T): T {
  const began = performance.now();
  const result = work();
  runtime[part].count++;
  runtime[part].seconds += (performance.now() - began) / 1000;
  return result;
}

/** Of a process, where the system tells; otherwise 0. */
function residentBytes(pid: number | undefined): number {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
    return pages * 4096;
  } catch {
    return 0;
  }
}

/** step.py for as much work as a step was. */
function peer(
  python: string,
  { responses, length, tpf, rows, tokens }: StepRow,
  sampled: readonly Trajectory[],
): void {
  if (spawnSync(python, ['-c', 'import torch']).status !== 0) {
    console.log(JSON.stringify({ skipped: 'PyTorch', reason: `${python} has none` }));
    return;
  }
  const mean = (values: readonly number[]) => Math.round(values.reduce((a, b) => a + b, 0) / values.length);
  const prompt = mean(sampled.map(({ promptIds }) => promptIds.length));
  const window = mean(sampled.flatMap(({ steps }) => steps.map((step) => step.window.length)));
  const forwards = Math.round(length / tpf);
  const { rank } = settings(1);
  const script = path.join(import.meta.dirname, 'step.py');
  const sizes = [
    defaultThreads(),
    responses,
    prompt,
    Math.round(length),
    forwards,
    window,
    rows,
    tokens,
    rank,
  ];
  spawnSync(python, [script, path.join(MODEL, 'config.json'), ...sizes.map(String)], { stdio: 'inherit' });
}

function rounded(value: number): number {
  return Number(value.toFixed(3));
}

const [steps = '2', python = 'python3'] = process.argv.slice(2);
await main(Number(steps), python);
