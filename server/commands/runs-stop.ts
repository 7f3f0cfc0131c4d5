import { UserError } from '../errors.ts';
import { lockOwner } from '../folder-lock.ts';
import { RunFolder } from '../train/run/run-folder.ts';
import { type Command, UsageError } from './command.ts';

export const runsStop: Command = {
  name: 'runs stop',
  usage: 'DIR',
  summary: 'let a run write a checkpoint and stop after its step',
  options: {},
  async run(args, _values, io) {
    if (args.length !== 1) throw new UsageError('one run folder is needed');
    const run = await RunFolder.open(args[0]);
    const pid = lockOwner(run.dir);
    if (pid === undefined) throw new UserError(`${run.dir} is not being trained.`);
    await run.requestStop();
    io.result(`process ${pid} stops after its step`, { dir: run.dir, pid });
  },
};
