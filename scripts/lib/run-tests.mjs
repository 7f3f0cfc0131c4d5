import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { filesBelow } from './files.mjs';
import { DIST, ROOT } from './paths.mjs';
import { run } from './run.mjs';

/** A test that runs longer is stuck, milliseconds. */
const TIMEOUT = 300_000;

/** Every test file, those in a real editor apart: they need the machine to themselves. */
export function testFiles() {
  const all = filesBelow(path.join(ROOT, 'test'))
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => `test/${file}`);
  const inEditor = (file) => file.startsWith('test/e2e/');
  return { units: all.filter((file) => !inEditor(file)), inEditor: all.filter(inEditor) };
}

/**
 * Runs test files with node:test and returns what was counted; failing tests do not reject.
 * @param {string} name of the group
 * @param {string[]} files
 * @param {number} concurrency files at once
 * @returns {Promise<{ kind: 'passed' | 'failed' | 'skipped', name: string, file: string, reason?: string }[]>}
 */
export async function runTests(name, files, concurrency) {
  mkdirSync(DIST, { recursive: true });
  const summary = path.join(DIST, `tests-${name}.jsonl`);
  const reporter = `./${path.relative(ROOT, path.join(import.meta.dirname, 'summary-reporter.mjs'))}`;
  const reporters = [
    ['spec', 'stdout'],
    [reporter, summary],
  ].flatMap(([format, to]) => [`--test-reporter=${format}`, `--test-reporter-destination=${to}`]);
  const options = [`--test-concurrency=${concurrency}`, `--test-timeout=${TIMEOUT}`, ...reporters];
  const failure = await run(process.execPath, ['--import', 'tsx', '--test', ...options, ...files], {
    cwd: ROOT,
  }).catch((error) => error);
  const lines = readFileSync(summary, 'utf8').split('\n').filter(Boolean);
  const results = lines.map((text) => JSON.parse(text));
  // A file that cannot even be loaded is no test that fails.
  if (failure && !results.some(({ kind }) => kind === 'failed')) {
    results.push({ kind: 'failed', name: failure.message, file: name });
  }
  return results;
}
