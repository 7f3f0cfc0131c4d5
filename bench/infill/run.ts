// Measures the infilling suite by the road of the editor, with the confidence gate open:
//   node --import tsx bench/infill/run.ts OUT.jsonl [MODEL_DIR] [THREADS]
// One JSON line per cursor. bench/infill/gate.ts makes the gate's curve of it.
import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Engine } from '../../server/engine/engine.ts';
import { loadModel } from '../../server/engine/load.ts';
import { WarmModel } from '../../server/engine/warm-model.ts';
import { readSettings } from '../../server/settings.ts';
import { measureItem } from './measure.ts';
import { loadSuite } from './suite.ts';

const root = path.join(import.meta.dirname, '..', '..');

async function main(out: string, modelDir: string, threads: number): Promise<void> {
  const { items } = loadSuite(path.join(root, 'bench', 'suites', 'infill-python'));
  const { settings } = readSettings({});
  const warm = await WarmModel.open(loadModel, { modelDir, device: 'cpu', threads });
  const engine: Pick<Engine, 'complete'> = {
    complete: (request) => warm.complete(request, { cancelled: () => false }),
  };
  const unfinished = `${out}.tmp`;
  writeFileSync(unfinished, '');
  for (const item of items) {
    const outcome = await measureItem(item, settings, engine);
    appendFileSync(unfinished, `${JSON.stringify(outcome)}\n`);
  }
  await warm.release();
  renameSync(unfinished, out);
}

const [out, modelDir = path.join(root, 'models', 'unmask-135m'), threads = '0'] = process.argv.slice(2);
if (out === undefined) {
  console.error('usage: node --import tsx bench/infill/run.ts OUT.jsonl [MODEL_DIR] [THREADS]');
  process.exitCode = 2;
} else {
  await main(out, modelDir, Number(threads));
}
