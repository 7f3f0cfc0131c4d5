import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../errors.ts';
import { packageRoot } from '../models/installed.ts';
import type { Round } from './decoding.ts';

/** One way to run the peer: a quantisation and a number of threads. */
export interface PeerResult {
  name: string;
  tokensPerSecond: number;
  prefillTokensPerSecond: number;
}

/** Texts for the peer to continue: the same prompts and the same numbers of tokens. */
interface PeerTask {
  modelDir: string;
  texts: { ids: number[]; tokens: number }[];
}

/** The programs that measure a peer: not part of the package, and not part of the bundle. */
const PEERS: Record<string, string> = { 'llama.cpp': path.join('bench', 'llama-cpp', 'main.ts') };

/** Finds a peer's program. Throws UserError for an unknown name and outside the repository. */
export function findPeer(name: string): string {
  if (!Object.hasOwn(PEERS, name)) {
    throw new UserError(`There is no comparison with '${name}': known are ${Object.keys(PEERS).join(', ')}.`);
  }
  const script = path.join(packageRoot(), PEERS[name]);
  if (!existsSync(script)) {
    throw new UserError(
      `${script} is missing: the comparison with ${name} runs in a clone of the repository only.`,
    );
  }
  return script;
}

/** Measures the peer once, in a process of its own, on what `round` decoded autoregressively. */
export async function measurePeer(
  script: string,
  modelDir: string,
  round: Round,
  options: { signal: AbortSignal; note(text: string): void },
): Promise<PeerResult[]> {
  const texts = Object.entries(round)
    .filter(([name]) => name.endsWith(', ar'))
    .flatMap(([, trajectories]) => trajectories)
    .map(({ promptIds, responseIds }) => ({ ids: promptIds, tokens: responseIds.length }));
  const output = await runScript(script, { modelDir, texts }, options);
  return JSON.parse(output) as PeerResult[];
}

function runScript(
  script: string,
  task: PeerTask,
  { signal, note }: { signal: AbortSignal; note(text: string): void },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', script], {
      cwd: packageRoot(),
      stdio: ['pipe', 'pipe', 'pipe'],
      signal,
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => note(text.trimEnd()));
    child.stdin.on('error', () => {});
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new UserError(`${script} ended with code ${code}: see the messages above.`));
    });
    child.stdin.end(JSON.stringify(task));
  });
}
