import type { Command } from './commands/command.ts';
import { doctor } from './commands/doctor.ts';
import { modelImport } from './commands/model-import.ts';
import { modelInfo } from './commands/model-info.ts';
import { modelList } from './commands/model-list.ts';
import { modelVerify } from './commands/model-verify.ts';
import { runCommand } from './commands/run.ts';

/** Every command of `unmask`, in the order that `unmask --help` lists them. */
const COMMANDS: readonly Command[] = [modelInfo, modelList, modelImport, modelVerify, doctor];

runCommand(COMMANDS, process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
