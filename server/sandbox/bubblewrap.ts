import { spawnSync } from 'node:child_process';
import path from 'node:path';
import type { Launch } from './launch.ts';

const LIBRARIES = ['/usr/lib', '/usr/lib64', '/lib', '/lib64'];

let works: boolean | undefined;

/**
 * On Linux, where bubblewrap is installed and may make namespaces: the same program without network, with its own
 * process ids, and with nothing of the file system but itself, read-only. Elsewhere the launch as it is.
 */
export function insideBubblewrap(launch: Launch, readable: string[]): Launch {
  if (process.platform !== 'linux') return launch;
  works ??=
    spawnSync('bwrap', [...wall([]), process.execPath, '--version'], { timeout: 10_000 }).status === 0;
  if (!works) return launch;
  const variables = Object.entries(launch.env).flatMap(([name, value]) => ['--setenv', name, value]);
  return {
    command: 'bwrap',
    args: [...wall(readable), ...variables, launch.command, ...launch.args, '--inside-bubblewrap'],
    env: { PATH: process.env.PATH ?? '' },
  };
}

function wall(readable: string[]): string[] {
  // Electron needs what lies beside its binary, Node nothing.
  const program = process.versions.electron ? path.dirname(process.execPath) : process.execPath;
  return [
    ...[
      '--unshare-all',
      '--die-with-parent',
      '--new-session',
      '--cap-drop',
      'ALL',
      '--clearenv',
      '--chdir',
      '/',
    ],
    ...['--dev', '/dev', '--proc', '/proc', '--tmpfs', '/tmp'],
    ...LIBRARIES.flatMap((folder) => ['--ro-bind-try', folder, folder]),
    ...[program, ...readable].flatMap((place) => ['--ro-bind', place, place]),
  ];
}
