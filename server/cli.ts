import type { Command } from './commands/command.ts';
import { doctor } from './commands/doctor.ts';
import { runCommand } from './commands/run.ts';

/** Every command of `unmask`, in the order that `unmask --help` lists them. */
const COMMANDS: readonly Command[] = [doctor];

runCommand(COMMANDS, process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
