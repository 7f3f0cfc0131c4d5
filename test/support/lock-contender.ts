// For every line on stdin: tries to become the only one at work in the folder, says whether it did, and holds it until
// the next line, which frees it.
import { createInterface } from 'node:readline';
import { lockFolder } from '../../server/folder-lock.ts';

let free: (() => void) | undefined;
let held = false;
for await (const _ of createInterface({ input: process.stdin })) {
  held = !held;
  if (held) {
    try {
      free = lockFolder(process.argv[2], (owner) => `process ${owner} has it`);
      console.log('locked');
    } catch (error) {
      console.log((error as Error).message);
    }
  } else {
    free?.();
    free = undefined;
    console.log('free');
  }
}
