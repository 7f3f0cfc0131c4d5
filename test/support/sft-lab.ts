import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import type { RunFolder } from '../../server/train/run/run-folder.ts';
import { resolveSettings, type SftSettings } from '../../server/train/settings.ts';
import { runSft, type StepProgress } from '../../server/train/sft.ts';
import { temporaryFolder } from './model-files.ts';
import { addSamplerHead, writeTinyModel } from './tiny-model-folder.ts';

export const LINES = Array.from({ length: 12 }, (_, i) => ({
  prompt: `def f${i}(a):\n`,
  completion: `    return a + ${i}\n`,
}));

/** A tiny model, a few texts, and settings of a run of six steps on them with a checkpoint after every other. */
export function lab(t: TestContext, changes: Record<string, unknown> = {}) {
  const dir = temporaryFolder(t);
  const model = path.join(dir, 'model');
  writeTinyModel(model);
  addSamplerHead(model);
  const data = path.join(dir, 'data.jsonl');
  writeFileSync(data, LINES.map((line) => JSON.stringify(line)).join('\n'));
  const settings = resolveSettings(
    {
      model,
      data: [data],
      steps: 6,
      samplesPerStep: 2,
      sampleTokens: 48,
      windows: 3,
      rank: 2,
      learningRate: 0.01,
      warmupSteps: 2,
      checkpointEvery: 2,
      threads: 1,
      ...changes,
    },
    'test',
  );
  return { dir, settings };
}

/** Trains in this process until the end, or until step `stopAfter` is done. */
export async function train(run: RunFolder, settings: SftSettings, stopAfter = Number.POSITIVE_INFINITY) {
  const abort = new AbortController();
  const steps: StepProgress[] = [];
  const state = await runSft(run, settings, abort.signal, (progress) => {
    steps.push(progress);
    if (progress.step === stopAfter) abort.abort();
  });
  return { state, steps };
}

/** Bytes of a checkpoint's file. */
export const checkpoint = (run: RunFolder, step: number, file: string) =>
  readFileSync(path.join(run.dir, 'checkpoints', `step-${step}`, file));
