import os from 'node:os';
import type { Command } from './command.ts';

export const doctor: Command = {
  name: 'doctor',
  usage: '',
  summary: 'versions, devices with the reason each is or is not used, model, local counters',
  options: {},
  async run(_args, _values, io) {
    const report = {
      node: process.version,
      platform: `${process.platform}-${process.arch}`,
      cores: os.cpus().length,
    };
    io.result(
      Object.entries(report)
        .map(([key, value]) => `${key}: ${value}`)
        .join('\n'),
      report,
    );
  },
};
