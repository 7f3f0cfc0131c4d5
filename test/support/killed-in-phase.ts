// Preloaded into `unmask train grpo`: kills the process (SIGKILL) the n-th time that it is at a place of its run,
// KILL_AT being `place:n`, and lets its wall clock jump. Responses are judged by their text alone; only where the
// process is killed at a `program` they run in the sandbox, whose processes are printed before.
import { OrtBatch } from '../../server/engine/ort-batch.ts';
import { OrtSamplerHead } from '../../server/engine/ort-sampler-head.ts';
import { Sandbox } from '../../server/sandbox/sandbox.ts';
import { PolicyTrainer } from '../../server/train/rl/policy-trainer.ts';
import { SamplingEngine } from '../../server/train/rl/sampling-engine.ts';
import { TrainingSession } from '../../server/train/session.ts';
import { TrainedValues } from '../../server/train/trained-values.ts';
import { fakeSandbox } from './grpo-lab.ts';

const [wanted, count] = (process.env.KILL_AT ?? '').split(':');
let left = Number(count);
const at = (place: string) => {
  if (place === wanted && --left === 0) process.kill(process.pid, 'SIGKILL');
};

let greedy = false;
const { sample } = SamplingEngine.prototype;
SamplingEngine.prototype.sample = function (jobs, ...rest) {
  greedy = jobs[0].settings.temperature === 0;
  return sample.call(this, jobs, ...rest);
};
const { forward } = OrtBatch.prototype;
OrtBatch.prototype.forward = function (requests) {
  at(greedy ? 'evaluation' : 'rollout');
  return forward.call(this, requests);
};
const { run } = TrainingSession.prototype;
TrainingSession.prototype.run = function (...args) {
  at('backward');
  return run.apply(this, args);
};
const { apply } = TrainedValues.prototype;
TrainedValues.prototype.apply = async function (...args) {
  const report = await apply.apply(this, args);
  at('update');
  return report;
};
const { update } = OrtSamplerHead.prototype;
OrtSamplerHead.prototype.update = function (values) {
  // The engine has the new adapters by now.
  at('sync');
  return update.call(this, values);
};
const { write } = PolicyTrainer.prototype;
PolicyTrainer.prototype.write = async function (dir) {
  await write.call(this, dir);
  at('checkpoint');
};

if (wanted === 'program') {
  const { verdict } = Sandbox.prototype;
  Sandbox.prototype.verdict = function (...args) {
    const judged = verdict.apply(this, args);
    if (left === 1) process.stdout.write(JSON.stringify([...this.pids.workers, this.pids.judge]));
    at('program');
    return judged;
  };
} else {
  Sandbox.open = async () => fakeSandbox(undefined, () => at('reward')) as Sandbox;
}

let clock = Date.UTC(2026, 0, 1);
/** A day forward, two days back. */
const jump = () => {
  clock += clock % 2 === 0 ? 86_400_001 : -172_800_001;
  return clock;
};
globalThis.Date = class extends Date {
  constructor(...args: [] | [number]) {
    super(...((args.length === 0 ? [jump()] : args) as [number]));
  }
  static override now = jump;
} as DateConstructor;
