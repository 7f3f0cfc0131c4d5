// Measures the infilling suite by the road of the editor, with the confidence gate open:
//   node --import tsx bench/infill/run.ts OUT.jsonl [MODEL_DIR] [THREADS]
// One JSON line per cursor and decoding. bench/infill/gate.ts makes the gate's curve of it.
import { renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Engine } from '../../server/engine/engine.ts';
import { loadModel } from '../../server/engine/load.ts';
import { WarmModel } from '../../server/engine/warm-model.ts';
import { readSettings } from '../../server/settings.ts';
import { measureItem, type Outcome } from './measure.ts';
import { loadSuite } from './suite.ts';

const root = path.join(import.meta.dirname, '..', '..');

async function main(out: string, modelDir: string, threads: number): Promise<void> {
  const { items } = loadSuite(path.join(root, 'bench', 'suites', 'infill-python'));
  const { settings } = readSettings({});
  const warm = await WarmModel.open(loadModel, { modelDir, device: 'cpu', threads });
  const engine: Pick<Engine, 'complete'> = {
    complete: (request) => warm.complete(request, { cancelled: () => false }),
  };
  const outcomes: Outcome[] = [];
  for (const [index, item] of items.entries()) {
    // Autoregressive decoding gives the probability of every token under its clean row; the text is the same.
    for (const decode of ['verified', 'ar'] as const) {
      outcomes.push(await measureItem(item, decode, settings, engine));
    }
    if (index % 20 === 0) console.error(`${index} of ${items.length}`);
  }
  await warm.release();
  writeFileSync(`${out}.tmp`, outcomes.map((outcome) => `${JSON.stringify(outcome)}\n`).join(''));
  renameSync(`${out}.tmp`, out);
}

const [out, modelDir = path.join(root, 'models', 'unmask-135m'), threads = '0'] = process.argv.slice(2);
if (out === undefined) {
  console.error('usage: node --import tsx bench/infill/run.ts OUT.jsonl [MODEL_DIR] [THREADS]');
  process.exitCode = 2;
} else {
  await main(out, modelDir, Number(threads));
}
