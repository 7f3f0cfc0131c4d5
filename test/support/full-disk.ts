import assert from 'node:assert/strict';
import { startProgram } from './run-cli.ts';

/**
 * Runs `unmask` where no file may grow to `bytes`: the beginning of one that would is still taken, as on a disk that fills
 * up. It must fail; returns the sentence that it says. Needs `ulimit`, which Windows lacks.
 */
export async function runWhereFilesEndAt(
  bytes: number,
  command: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const blocks = Math.floor((bytes - 1) / 512);
  const limited: [string, ...string[]] = ['sh', '-c', `ulimit -f ${blocks} && exec "$@"`, 'sh', ...command];
  const { code, stderr } = await startProgram(limited, { ...process.env, ...env, TSX_DISABLE_CACHE: '1' })
    .result;
  assert.equal(code, 1, stderr);
  return stderr.trimEnd().split('\n').at(-1)!;
}
