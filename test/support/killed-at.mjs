// Preloaded into a process: it is killed (SIGKILL) just before its KILL_AT-th change of files, counted from 1. Only
// changes by path inside the folder KILL_IN and all writes to open files count.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

let left = Number(process.env.KILL_AT);

const counted = (change, counts) =>
  function (...args) {
    if (counts(args) && --left === 0) process.kill(process.pid, 'SIGKILL');
    return change.apply(this, args);
  };
const inside = ([file]) => String(file).startsWith(process.env.KILL_IN);

for (const name of ['writeFile', 'rename', 'rm', 'mkdir', 'copyFile']) {
  fs.promises[name] = counted(fs.promises[name], inside);
}
for (const name of ['writeFileSync', 'appendFileSync', 'linkSync', 'renameSync', 'rmSync']) {
  fs[name] = counted(fs[name], inside);
}
const handle = await fs.promises.open(process.execPath);
const FileHandle = Object.getPrototypeOf(handle);
FileHandle.write = counted(FileHandle.write, () => true);
await handle.close();
syncBuiltinESMExports();
