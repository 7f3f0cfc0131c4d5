import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Reveal, Step, Trajectory } from '../../../server/protocol.ts';

const FOLDER = path.join(import.meta.dirname, '../../fixtures/traces');

/** A trace that the embedded model wrote: `ar`, `threshold` and `verified` complete the same function. */
export function savedTrace(mode: string): Trajectory {
  return JSON.parse(readFileSync(path.join(FOLDER, `${mode}.trace.json`), 'utf8'));
}

export function reveal(position: number, text: string, confidence = 0.9): Reveal {
  return { position, id: 40 + position, text, confidence, logProb: Math.log(confidence), source: 'noisy' };
}

export function step(index: number, parts: Partial<Step>): Step {
  return {
    index,
    kind: 'denoise',
    windowStart: 0,
    window: [null, null, null],
    revealed: [],
    confirmed: [],
    rolledBack: [],
    settled: 0,
    milliseconds: 10,
    ...parts,
  };
}

/** A finished trace of these tokens, all fixed in one step. */
export function traceOf(texts: string[]): Trajectory {
  const steps = [
    step(0, {
      window: texts.map(() => null),
      revealed: texts.map((text, i) => reveal(i, text)),
      settled: texts.length,
    }),
  ];
  const ids = texts.map((_, i) => 40 + i);
  return {
    ...savedTrace('verified'),
    prompt: { prefix: '', suffix: '', fim: false, budget: 0 },
    responseIds: ids,
    responseTexts: texts,
    text: texts.join(''),
    steps,
  };
}
