import { setTimeout as delay } from 'node:timers/promises';
import type { Trajectory } from '../protocol.ts';
import { LEGEND, UnmaskingView } from '../terminal/render.ts';
import { terminalStyle } from '../terminal/style.ts';
import { summary } from '../terminal/summary.ts';
import { parseTrajectory } from '../trajectory-file.ts';
import { type Command, type Io, UsageError } from './command.ts';
import { number } from './decode-options.ts';
import { decodingFields } from './decoding.ts';
import { readText } from './input.ts';

export const trace: Command = {
  name: 'trace',
  usage: 'FILE [--speed X]',
  summary: 'replay a saved trace, step by step',
  options: {
    speed: { type: 'string', help: 'of the replay; 1 is as it was recorded (default: everything at once)' },
  },
  async run(args, values, io) {
    if (args.length !== 1) throw new UsageError('one FILE is needed');
    const speed = number(values, 'speed') ?? Number.POSITIVE_INFINITY;
    if (speed <= 0) throw new UsageError('--speed must be more than 0');
    const trajectory = parseTrajectory(await readText(args[0]), args[0]);
    if (!io.json) await replay(trajectory, speed, io);
    io.result(trajectory.text, decodingFields(trajectory));
  },
};

async function replay(trajectory: Trajectory, speed: number, io: Io): Promise<void> {
  const view = new UnmaskingView(terminalStyle(process.stderr, process.env));
  io.note(LEGEND);
  for (const step of trajectory.steps) {
    const pause = step.milliseconds / speed;
    if (pause > 0) await delay(pause, undefined, { signal: io.signal });
    io.note(view.line(step));
  }
  io.note(summary(trajectory));
}
