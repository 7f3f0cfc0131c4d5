import { existsSync } from 'node:fs';
import path from 'node:path';
import type { EngineCommand } from './engine-process.ts';

/** How this program's engine is started: from the bundle beside this one, or in a clone of the repository from the sources. */
export function engineCommand(): EngineCommand {
  const bundle = path.join(import.meta.dirname, 'engine.js');
  if (existsSync(bundle)) return { args: [bundle] };
  return { args: ['--import', 'tsx', path.join(import.meta.dirname, 'main.ts')] };
}
