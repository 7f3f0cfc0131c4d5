import { readdirSync, readFileSync } from 'node:fs';

/** Ids of the processes of this machine whose command line contains all the texts (Linux). */
export function processesWith(...texts: string[]): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && texts.every((text) => commandLine(name).includes(text)))
    .map(Number);
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    // It ended meanwhile.
    return '';
  }
}
