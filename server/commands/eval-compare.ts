import { UserError } from '../errors.ts';
import { compare, type Difference } from '../eval/compare.ts';
import { readAnswers } from '../eval/read-answers.ts';
import { type Command, UsageError } from './command.ts';

export const evalCompare: Command = {
  name: 'eval compare',
  usage: 'A B',
  summary:
    'how much the answers of B are above those of A (files of unmask eval --out), with paired intervals',
  options: {},
  async run(args, _values, io) {
    if (args.length !== 2) throw new UsageError('two files are needed');
    const [first, second] = await Promise.all(args.map(readAnswers));
    // Files of one point each may have been decoded in different ways: that is what is compared.
    const single = first.size === 1 && second.size === 1;
    const points = single ? [...first.keys()] : [...first.keys()].filter((point) => second.has(point));
    for (const point of points) {
      const name = single ? `${point} → ${[...second.keys()][0]}` : point;
      const others = single ? [...second.values()][0] : second.get(point)!;
      const differences = compare(first.get(point)!, others);
      if (differences.length === 0) throw new UserError(`${args[0]} and ${args[1]} have no task in common.`);
      io.result([name, ...differences.map(describe)].join('\n'), { point: name, differences });
    }
    if (points.length === 0) throw new UserError(`${args[0]} and ${args[1]} have no threshold in common.`);
  },
};

function describe({ measure, first, second, difference, interval }: Difference): string {
  const [low, high] = interval.map(signed);
  return `  ${measure} ${first.toFixed(3)} → ${second.toFixed(3)}: ${signed(difference)} (${low} to ${high})`;
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(3)}`;
}
