import { bench } from './commands/bench.ts';
import type { Command } from './commands/command.ts';
import { complete } from './commands/complete.ts';
import { dataHash } from './commands/data-hash.ts';
import { deviceInstall } from './commands/device-install.ts';
import { doctor } from './commands/doctor.ts';
import { evalCommand } from './commands/eval.ts';
import { evalCompare } from './commands/eval-compare.ts';
import { generate } from './commands/generate.ts';
import { lsp } from './commands/lsp.ts';
import { modelDownload } from './commands/model-download.ts';
import { modelImport } from './commands/model-import.ts';
import { modelInfo } from './commands/model-info.ts';
import { modelList } from './commands/model-list.ts';
import { modelVerify } from './commands/model-verify.ts';
import { reward } from './commands/reward.ts';
import { runCommand } from './commands/run.ts';
import { runsExport } from './commands/runs-export.ts';
import { runsList } from './commands/runs-list.ts';
import { runsShow } from './commands/runs-show.ts';
import { runsStop } from './commands/runs-stop.ts';
import { tasksFromTestsCommand } from './commands/tasks-from-tests.ts';
import { tasksImport } from './commands/tasks-import.ts';
import { tasksValidate } from './commands/tasks-validate.ts';
import { trace } from './commands/trace.ts';
import { trainContinuations } from './commands/train-continuations.ts';
import { trainGrpo } from './commands/train-grpo.ts';
import { trainSft } from './commands/train-sft.ts';

/** Every command of `unmask`, in the order that `unmask --help` lists them. */
const COMMANDS: readonly Command[] = [
  complete,
  generate,
  trace,
  modelInfo,
  modelList,
  modelDownload,
  modelImport,
  modelVerify,
  tasksImport,
  tasksValidate,
  tasksFromTestsCommand,
  reward,
  dataHash,
  trainSft,
  trainGrpo,
  trainContinuations,
  runsList,
  runsShow,
  runsStop,
  runsExport,
  evalCompare,
  evalCommand,
  bench,
  lsp,
  doctor,
  deviceInstall,
];

runCommand(COMMANDS, process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
