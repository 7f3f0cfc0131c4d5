// How often the rest of a line is right where it is asked for by hand, by the number of beams, one JSON object for each:
//   node --import tsx bench/infill/by-hand.ts [MODEL] [BEAMS,BEAMS…] [THREADS]
// A cursor is drawn within every line of tasks/infill.jsonl; the answer goes the whole way of a completion.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type CompletionEngine, complete } from '../../server/completion/completion.ts';
import { loadModel } from '../../server/engine/load.ts';
import { WarmModel } from '../../server/engine/warm-model.ts';
import { readSettings } from '../../server/settings.ts';
import { seededRandom } from './random.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
const SEED = 20261127;
/** Characters of a line before and after its cursor at least. */
const [LEAST_BEFORE, LEAST_AFTER] = [2, 3];

/** A document without the rest of a line, and where that is missing. */
interface Line {
  text: string;
  offset: number;
  rest: string;
}

function drawLines(): Line[] {
  const random = seededRandom(SEED);
  const tasks: { prompt: string; suffix: string; canonical_solution: string }[] = readFileSync(
    path.join(ROOT, 'tasks', 'infill.jsonl'),
    'utf8',
  )
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return tasks.flatMap(({ prompt, suffix, canonical_solution }) => {
    const line = canonical_solution.trim();
    const places = line.length - LEAST_BEFORE - LEAST_AFTER + 1;
    if (places < 1) return [];
    const cut = LEAST_BEFORE + Math.floor(random() * places);
    const before = prompt + line.slice(0, cut);
    return { text: before + suffix, offset: before.length, rest: line.slice(cut) };
  });
}

async function main(modelDir: string, beams: readonly number[], threads: number): Promise<void> {
  const model = await WarmModel.open(loadModel, { modelDir, device: 'cpu', threads });
  const engine: CompletionEngine = {
    complete: (request) => model.complete(request, { cancelled: () => false }),
  };
  const lines = drawLines();
  for (const count of beams) {
    const { settings } = readSettings({ beams: count });
    const milliseconds: number[] = [];
    let right = 0;
    for (const { text, offset, rest } of lines) {
      const place = { uri: 'file:///by-hand.py', languageId: 'python', text, offset, manual: true };
      const { completion, trajectory } = await complete(place, settings, engine);
      right += Number(completion?.text.trimEnd() === rest);
      if (trajectory) milliseconds.push(trajectory.ms.decode);
    }
    milliseconds.sort((a, b) => a - b);
    const percentile = (share: number) => Math.round(milliseconds[Math.floor(milliseconds.length * share)]);
    const share = Math.round((1000 * right) / lines.length) / 1000;
    console.log(
      JSON.stringify({
        beams: count,
        lines: lines.length,
        right: share,
        p50: percentile(0.5),
        p90: percentile(0.9),
      }),
    );
  }
  await model.release();
}

const [modelDir = path.join(ROOT, 'models', 'unmask-135m'), beams = '1,2,4,8', threads = '0'] =
  process.argv.slice(2);
await main(modelDir, beams.split(',').map(Number), Number(threads));
