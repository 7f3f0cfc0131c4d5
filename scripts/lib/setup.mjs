// Runs before anything is installed: only what comes with Node may be imported here.
import { statSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './paths.mjs';
import { run, step } from './run.mjs';

/** Installs the dependencies when they are missing or older than package-lock.json. */
export async function setup() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 20) throw new Error(`Unmask is built with Node 20 or newer; this is ${process.version}.`);
  const installed = modified(path.join(ROOT, 'node_modules/.package-lock.json'));
  if (installed >= modified(path.join(ROOT, 'package-lock.json'))) return;
  // No install script is needed: the native parts that are used come inside the packages.
  await step('install dependencies', () => npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund']));
}

/**
 * Runs npm, the very one that runs this script if one does.
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 */
export function npm(args, options = {}) {
  const own = process.env.npm_execpath;
  if (own) return run(process.execPath, [own, ...args], { cwd: ROOT, ...options });
  // On Windows npm is a batch file, which only a shell starts.
  return run('npm', args, { cwd: ROOT, shell: process.platform === 'win32', ...options });
}

function modified(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
