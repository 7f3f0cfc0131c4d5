import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type Launch, launchNode } from './launch.ts';

/** Where files that can be made again are kept. */
export function cacheDirectory(): string {
  const base =
    process.env.UNMASK_CACHE ??
    (process.platform === 'win32'
      ? path.join(process.env.LOCALAPPDATA ?? os.tmpdir(), 'unmask', 'cache')
      : path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'), 'unmask'));
  return path.join(base, 'sandbox');
}

/**
 * Path of the interpreter's memory right after start, made on first use: a worker then starts in a third of the time.
 * The name holds the hash of everything it was made from, a file beside it the hash of its bytes.
 */
export async function ensureSnapshot(runtime: string, directory = cacheDirectory()): Promise<string> {
  const file = path.join(directory, `python-${await runtimeHash(runtime)}.snapshot`);
  if (await isIntact(file)) return file;
  await fs.mkdir(directory, { recursive: true });
  const temporary = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await makeSnapshot(launchNode(runtime, 'python-worker.js', ['--make-snapshot']), temporary);
    await fs.writeFile(`${temporary}.sha256`, await sha256(temporary));
    await fs.rename(`${temporary}.sha256`, `${file}.sha256`);
    await fs.rename(temporary, file);
  } finally {
    await fs.rm(temporary, { force: true });
  }
  await removeOthers(directory, path.basename(file));
  return file;
}

async function runtimeHash(runtime: string): Promise<string> {
  const hash = createHash('sha256').update(process.version);
  for (const name of (await fs.readdir(runtime)).sort()) hash.update(await sha256(path.join(runtime, name)));
  return hash.digest('hex').slice(0, 16);
}

async function isIntact(file: string): Promise<boolean> {
  try {
    return (await fs.readFile(`${file}.sha256`, 'utf8')) === (await sha256(file));
  } catch {
    return false;
  }
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest('hex');
}

async function makeSnapshot(launch: Launch, file: string): Promise<void> {
  const handle = await fs.open(file, 'w', 0o600);
  try {
    const child = spawn(launch.command, launch.args, {
      env: launch.env,
      cwd: path.parse(file).root,
      stdio: ['pipe', handle.fd, 'ignore'],
    });
    const code = await new Promise((resolve, reject) => child.on('error', reject).on('exit', resolve));
    if (code !== 0) throw new Error(`the interpreter could not be started (exit code ${code})`);
  } finally {
    await handle.close();
  }
}

async function removeOthers(directory: string, keep: string): Promise<void> {
  for (const name of await fs.readdir(directory)) {
    if (name.startsWith('python-') && !name.startsWith(keep))
      await fs.rm(path.join(directory, name), { force: true });
  }
}
