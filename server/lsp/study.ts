import os from 'node:os';
import type { Connection, RemoteConsole } from 'vscode-languageserver/node';
import { probeDevices, rememberedReports } from '../engine/devices.ts';
import type { Engine } from '../engine/engine.ts';
import type { EngineCommand } from '../engine/engine-process.ts';
import { describeMeasurements } from '../engine/measurements.ts';
import { rememberedMeasurements, tuneModel } from '../engine/tuning.ts';

/** Nobody has asked for anything for so long. Milliseconds; tests have other things to wait for. */
const IDLE = 20_000;
/** Free memory that loading a model is taken to need, for every byte of its weights. */
const MEMORY_PER_BYTE = 4;

export interface Subject {
  engine: Pick<Engine, 'state' | 'model' | 'onDidChange'>;
  command: EngineCommand;
  storageDir: string;
  modelDir(): string;
  idle?: number;
}

/**
 * Finds out, once for a machine and once for a model on it, which device, how many threads, which int8 product and which
 * window are the fastest: while the engine is idle, in processes of their own, which a request ends. What is found holds
 * from the engine's next start.
 */
export function studyWhenIdle({ console }: Pick<Connection, 'console'>, subject: Subject): void {
  let timer: NodeJS.Timeout | undefined;
  let study = new AbortController();
  /** Models on devices that were measured, or could not be. */
  const tried = new Set<string>();
  subject.engine.onDidChange(() => {
    clearTimeout(timer);
    study.abort();
    study = new AbortController();
    const { signal } = study;
    if (subject.engine.state.kind !== 'ready') return;
    timer = setTimeout(() => {
      run(console, subject, tried, signal).catch((error: Error) => {
        if (!signal.aborted) console.warn(`This machine could not be measured: ${error.message}`);
      });
    }, subject.idle ?? IDLE).unref();
  });
}

async function run(
  console: RemoteConsole,
  subject: Subject,
  tried: Set<string>,
  signal: AbortSignal,
): Promise<void> {
  const { engine, command, storageDir, modelDir } = subject;
  if (!(await rememberedReports(storageDir))) {
    for (const { name, used, reason } of await probeDevices(command, storageDir, signal)) {
      console.log(`Device ${name}: ${used ? 'used' : 'not used'}, ${reason}.`);
    }
  }
  if (!engine.model) return;
  const { device, model } = engine.model;
  const given = { dir: modelDir(), weights: model.weights, device };
  const name = `${model.weights} ${device}`;
  if (tried.has(name) || (await rememberedMeasurements(storageDir, given))) return;
  // The model is loaded a second time beside the engine's.
  if (model.bytes * MEMORY_PER_BYTE > os.freemem()) return;
  const measured = await tuneModel(command, storageDir, given, signal);
  tried.add(name);
  if (!measured) return;
  for (const [what, found] of Object.entries(describeMeasurements(measured))) {
    console.log(`Measured, used from the next start on: ${what} ${found}.`);
  }
}
