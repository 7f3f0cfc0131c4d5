/** Asks the built language server for completions in examples/sample.py and shows how each was unmasked. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Trajectory } from '../../server/protocol.ts';
import { LEGEND, UnmaskingView } from '../../server/terminal/render.ts';
import { terminalStyle } from '../../server/terminal/style.ts';
import { summary } from '../../server/terminal/summary.ts';
import { ROOT } from '../lib/paths.mjs';
import { unfinishedLines } from './cursors.ts';
import { LanguageServer } from './language-server.ts';
import { totals } from './totals.ts';

const SAMPLE = path.join(ROOT, 'examples/sample.py');
const style = terminalStyle(process.stdout, process.env);

const server = new LanguageServer(path.join(ROOT, 'dist/cli.js'));
try {
  const trajectories = await completeSample();
  await server.stop();
  console.log(`\n${totals(trajectories)}`);
} catch (error) {
  server.kill();
  console.error(`The demo failed: ${(error as Error).message}`);
  process.exitCode = 1;
}

async function completeSample(): Promise<Trajectory[]> {
  const text = readFileSync(SAMPLE, 'utf8');
  const uri = pathToFileURL(SAMPLE).href;
  // The demo shows every answer, also one that an editor would hold back as too unsure.
  await server.initialize({ settings: { minConfidence: -1 } });
  let view = new UnmaskingView(style);
  await server.open(uri, text, ({ step }) => console.log(view.line(step)));
  console.log(LEGEND);
  const trajectories: Trajectory[] = [];
  for (const cursor of unfinishedLines(text)) {
    const before = text.split('\n')[cursor.line];
    console.log(`\n${path.relative(ROOT, SAMPLE)}:${cursor.line + 1}:${cursor.character + 1}  ${before}▏`);
    view = new UnmaskingView(style);
    const offered = await server.complete(uri, cursor);
    if (offered === undefined) throw new Error(`nothing was offered in line ${cursor.line + 1}`);
    console.log(`${before}${style.colour ? `\u001b[92m${offered}\u001b[0m` : `▏${offered}`}`);
    const trajectory = await server.lastTrajectory();
    if (!trajectory) throw new Error('the server has no record of the completion');
    console.log(summary(trajectory));
    trajectories.push(trajectory);
  }
  return trajectories;
}
