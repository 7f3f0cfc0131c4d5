import path from 'node:path';
import { UserError } from '../errors.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import { openModel } from '../models/registry.ts';
import { loadTokenizer } from '../models/tokenizer.ts';
import { Corpus, countDropped } from './data/corpus.ts';
import { Sampler, sampleRandom } from './data/sampler.ts';
import { HeadTrainer } from './head-trainer.ts';
import { OBJECTIVES } from './objectives/index.ts';
import type { ForcedRows, Objective, SampleRows } from './objectives/objective.ts';
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
  const { cachedSamples, parameters, certainty } = settings;
  if (
    cachedSamples > 0 &&
    (parameters !== 'none' || objective !== OBJECTIVES['window-diffusion'] || certainty > 0)
  ) {
    throw new UserError(
      'cachedSamples is for a sampler head that is trained alone: set parameters to none, objective to ' +
        'window-diffusion and certainty to 0, or cachedSamples to 0.',
    );
  }
  const corpus = await Corpus.open(settings.data, settings);
  await run.fixData(corpus.files);
  for (const [reason, count] of Object.entries(countDropped(corpus.files))) {
    run.log(`${count} documents are left out, ${reason}`);
  }
  const sampler = new Sampler(corpus, await loadTokenizer(folder), folder.spec, settings);
  const draw = async (index: number) => {
    const random = sampleRandom(settings.seed, index);
    return objective.rows(await sampler.sample(random), folder.spec, settings, random);
  };
  const base = await checkpointBase(folder);
  const { trainer, take } = await openTrainer(run, folder, settings, objective, draw);
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
      const before = performance.now();
      const report = await take(step);
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

/** What is trained, and how it takes a step; `draw` makes the rows of a sample. */
async function openTrainer(
  run: RunFolder,
  folder: ModelFolder,
  settings: SftSettings,
  objective: Objective,
  draw: (sample: number) => Promise<SampleRows | ForcedRows>,
): Promise<{ trainer: Trainer | HeadTrainer; take(step: number): Promise<StepReport> }> {
  if (settings.cachedSamples > 0) {
    const trainer = await HeadTrainer.open(folder, settings, path.join(run.dir, 'lessons'));
    return { trainer, take: (step) => trainer.step(step, draw) };
  }
  const trainer = await Trainer.open(folder, settings);
  const take = async (step: number) => {
    const samples: SampleRows[] = [];
    for (let i = 0; i < settings.samplesPerStep; i++) {
      const rows = await draw(step * settings.samplesPerStep + i);
      samples.push('forced' in rows ? rows.forced(await trainer.best(rows)) : rows);
    }
    return trainer.step(step, samples, objective.terms(settings));
  };
  return { trainer, take };
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
