import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Package } from './packages.ts';

/** Unpacked Python sources, and where they are from. */
export interface Sources {
  name: string;
  version: string;
  licence: string;
  /** SHA-256 of the downloaded wheel; null for what came with python3. */
  wheel: string | null;
  share: number;
  dir: string;
}

/** The standard library of python3, which is under the PSF's licence. */
export function standardLibrary(): Sources {
  const [version, dir] = python(
    '-c',
    'import os, platform; print(platform.python_version(), os.path.dirname(os.__file__))',
  )
    .trim()
    .split(' ');
  return { name: 'python', version, licence: 'PSF-2.0', wheel: null, share: 1, dir };
}

/** Downloads a package's wheel below `folder` and unpacks it; nothing of it is run. */
export function download({ name, version, licence, share = 1 }: Package, folder: string): Sources {
  const wheels = path.join(folder, 'wheels', name);
  const dir = path.join(folder, 'sources', name);
  mkdirSync(wheels, { recursive: true });
  const quietly = ['--quiet', '--disable-pip-version-check'];
  const only = ['--no-deps', '--only-binary=:all:'];
  python('-m', 'pip', 'download', ...quietly, ...only, '--dest', wheels, `${name}==${version}`);
  const [wheel] = readdirSync(wheels).map((file) => path.join(wheels, file));
  python('-m', 'zipfile', '-e', wheel, dir);
  const hash = createHash('sha256').update(readFileSync(wheel)).digest('hex');
  return { name, version, licence, wheel: hash, share, dir };
}

function python(...args: string[]): string {
  return execFileSync('python3', args, { encoding: 'utf8' });
}
