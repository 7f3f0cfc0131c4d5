import { UserError } from '../errors.ts';
import { openModel } from '../models/registry.ts';
import { loadTokenizer } from '../models/tokenizer.ts';
import { Corpus, countDropped } from './data/corpus.ts';
import { Sampler, sampleRandom } from './data/sampler.ts';
import { OBJECTIVES } from './objectives/index.ts';
import type { Objective, SampleRows } from './objectives/objective.ts';
import { checkpointBase, loadCheckpoint, saveCheckpoint } from './run/checkpoint.ts';
import type { RunFolder, RunState } from './run/run-folder.ts';
import { trainInFolder } from './run/run-process.ts';
import { Skips } from './run/skips.ts';
import type { SftSettings } from './settings.ts';
import { type StepReport, Trainer } from './trainer.ts';

export interface StepProgress extends StepReport {
  /** Steps done, this one included. */
  step: number;
  rowsPerSecond: number;
  /** Resident memory in bytes. */
  memory: number;
  /** Estimate in seconds. */
  secondsLeft: number;
}

/**
 * Supervised fine-tuning in a run folder: from its newest checkpoint, or from the start where it has none, until the
 * last step, an abort or a request to stop. A step is always finished and a checkpoint written. Throws UserError for
 * settings, models and data that cannot be used, for a folder in use, for a full disk, and when numbers stop being
 * finite; the reason is in state.json too.
 */
export function runSft(
  run: RunFolder,
  settings: SftSettings,
  signal: AbortSignal,
  onStep: (progress: StepProgress) => void,
): Promise<RunState> {
  return trainInFolder(run, settings.steps, (state) => train(run, settings, signal, onStep, state));
}

async function train(
  run: RunFolder,
  settings: SftSettings,
  signal: AbortSignal,
  onStep: (progress: StepProgress) => void,
  state: RunState,
): Promise<RunState> {
  const folder = await openModel(settings.model);
  const objective: Objective = OBJECTIVES[settings.objective];
  const misfit = objective.misfit(folder.spec);
  if (misfit)
    throw new UserError(`the objective ${settings.objective} does not fit ${folder.name}: ${misfit}.`);
  if (settings.chainedWeight > 0 && !('chained' in objective.terms(settings))) {
    throw new UserError(
      `the objective ${settings.objective} does not train the sampler head: set chainedWeight to 0.`,
    );
  }
  const corpus = await Corpus.open(settings.data, settings);
  await run.fixData(corpus.files);
  for (const [reason, count] of Object.entries(countDropped(corpus.files))) {
    run.log(`${count} documents are left out, ${reason}`);
  }
  const sampler = new Sampler(corpus, await loadTokenizer(folder), folder.spec, settings);
  const base = await checkpointBase(folder);
  const trainer = await Trainer.open(folder, settings);
  const save = (step: number) =>
    saveCheckpoint(
      run.dir,
      { step, optimizerSteps: trainer.optimizerSteps, ...base },
      trainer.arrays(),
      (dir) => trainer.write(dir),
    );
  try {
    const checkpoint = await loadCheckpoint(run.dir, base);
    if (checkpoint) trainer.restore(checkpoint.arrays, checkpoint.manifest.optimizerSteps);
    const start = checkpoint?.manifest.step ?? 0;
    await run.keepSteps(start);
    run.log(start === 0 ? `started on ${folder.name}` : `resumed after step ${start}`);
    let saved = start;
    const skips = new Skips();
    let step = start;
    const began = performance.now();
    while (step < settings.steps && !signal.aborted && !run.stopRequested) {
      const samples = await drawSamples(step, sampler, objective, settings, folder.spec, trainer);
      const before = performance.now();
      const report = await trainer.step(step, samples, objective.terms(settings));
      step++;
      const progress = measure(report, step, start, settings.steps, before, began);
      run.addMetrics({ ...progress });
      await run.setState({ ...state, step });
      onStep(progress);
      skips.note(report.skipped, step);
      // A step that was skipped is no state to go back to.
      if (step % settings.checkpointEvery === 0 && skips.inARow === 0) {
        await save(step);
        saved = step;
      }
    }
    if (saved < step && skips.inARow === 0) await save(step);
    return { ...state, step, status: step < settings.steps ? 'stopped' : 'done' };
  } finally {
    await trainer.release();
  }
}

async function drawSamples(
  step: number,
  sampler: Sampler,
  objective: Objective,
  settings: SftSettings,
  spec: Parameters<Objective['rows']>[1],
  trainer: Trainer,
): Promise<SampleRows[]> {
  const samples: SampleRows[] = [];
  for (let i = 0; i < settings.samplesPerStep; i++) {
    const random = sampleRandom(settings.seed, step * settings.samplesPerStep + i);
    const rows = objective.rows(await sampler.sample(random), spec, settings, random);
    samples.push('forced' in rows ? rows.forced(await trainer.best(rows)) : rows);
  }
  return samples;
}

function measure(
  report: StepReport,
  step: number,
  start: number,
  steps: number,
  before: number,
  began: number,
): StepProgress {
  const now = performance.now();
  const perStep = (now - began) / (step - start) / 1000;
  return {
    step,
    ...report,
    rowsPerSecond: (report.rows / (now - before)) * 1000,
    memory: process.memoryUsage.rss(),
    secondsLeft: perStep * (steps - step),
  };
}
