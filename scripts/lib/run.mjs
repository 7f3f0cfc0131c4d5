import { spawn } from 'node:child_process';

/**
 * Runs a program with this terminal's output. Resolves when it ended with 0; rejects naming the command otherwise.
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<void>}
 */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', ...options });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${[command, ...args].join(' ')} ended with ${signal ?? `code ${code}`}`));
    });
  });
}

/**
 * Runs one named part of a script, with its name before and its time after.
 * @template T
 * @param {string} name
 * @param {() => T | Promise<T>} work
 */
export async function step(name, work) {
  const start = performance.now();
  console.log(`\n== ${name}`);
  const result = await work();
  console.log(`== ${name}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return result;
}

/**
 * The frame of a script: an error is one line on stderr and exit code 1.
 * @param {() => Promise<void>} main
 */
export function script(main) {
  main().catch((error) => {
    console.error(`\n${process.env.UNMASK_DEBUG ? error.stack : error.message}`);
    process.exitCode = 1;
  });
}
