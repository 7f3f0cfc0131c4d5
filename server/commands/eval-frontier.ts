import { existsSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../errors.ts';
import { describeFrontier } from '../eval/frontier/describe.ts';
import { makeFrontier } from '../eval/frontier/frontier.ts';
import { frontierSvg } from '../eval/frontier/svg.ts';
import { type Sweep, sweepsFor } from '../eval/frontier/sweeps.ts';
import { readSuite } from '../eval/suites.ts';
import { replaceFile } from '../files.ts';
import { POLICY_FILE } from '../models/policy-file.ts';
import { type Io, type Options, UsageError, type Values } from './command.ts';
import { number, readDecodeOptions, text } from './decode-options.ts';
import { readEvalSettings, readSuites, whole, withEvaluation } from './evaluation.ts';

export const FRONTIER_OPTIONS: Options = {
  frontier: {
    type: 'boolean',
    help: 'compare all ways of decoding, each at several settings, on one task file (default: the infilling suite)',
  },
  curves: { type: 'string', help: 'with --frontier: only these ways, separated by commas' },
  'policy-files': {
    type: 'string',
    help: "with --frontier: learned policies, separated by commas (default: the model's own, if any)",
  },
  svg: { type: 'string', help: 'with --frontier: draw it to this file' },
  untimed: { type: 'boolean', help: 'with --frontier: leave tokens/s out, the machine is busy otherwise' },
};

/** What a frontier varies itself. */
const SWEPT = [
  ...['decode', 'thresholds', 'window-chance', 'policy', 'steps', 'entropy-bound', 'factor'],
  ...['policy-file', 'unmasking', 'policy-temperature'],
];

/** `unmask eval --frontier`. Throws UsageError and UserError. */
export async function evalFrontier(values: Values, io: Io): Promise<void> {
  const fixed = SWEPT.find((name) => values[name] !== undefined);
  if (fixed !== undefined) {
    throw new UsageError(`--frontier varies --${fixed} itself: leave it out, or choose by --curves`);
  }
  const common = readEvalSettings(values);
  const best = number(values, 'best-accuracy');
  const [suite] = readSuites(values);
  const tasks = await readSuite(suite, whole(values, 'limit'));
  const [out, svg] = [text(values, 'out'), text(values, 'svg')];
  await withEvaluation(values, tasks, io, async ({ model, answers }) => {
    const sweeps = chosenSweeps(sweepsFor(model.spec, policyFiles(values)), text(values, 'curves'));
    const points = sweeps.flatMap(({ base, points: each }) => each.map((point) => ({ ...base, ...point })));
    const ofPoints = await answers(
      tasks,
      points.map((point) => ({ ...common, decode: { ...common.decode, ...point } })),
    );
    let next = 0;
    const curves = sweeps.map(({ name, points: each }) => ({
      name,
      points: each.map((point) => ({ label: labelOf(point), answers: ofPoints[next++] })),
    }));
    const { device, model: loaded } = model.ready;
    const about = { suite: path.basename(suite.file), model: loaded.name, weights: loaded.weights, device };
    const frontier = makeFrontier(about, curves, best, values.untimed !== true);
    // First, so that a long sweep is not lost when a file cannot be written.
    io.result(describeFrontier(frontier), frontier);
    if (out !== undefined) await replaceFile(out, `${JSON.stringify(frontier, null, 2)}\n`);
    if (svg !== undefined) await replaceFile(svg, frontierSvg(frontier));
  });
}

/** Files of the policies that are compared. */
function policyFiles(values: Values): string[] {
  const given = text(values, 'policy-files');
  if (given !== undefined) return given.split(',');
  const own = path.join(readDecodeOptions(values).engine.modelDir, POLICY_FILE);
  return existsSync(own) ? [own] : [];
}

function chosenSweeps(all: readonly Sweep[], given: string | undefined): readonly Sweep[] {
  if (given === undefined) return all;
  const names = given.split(',');
  const unknown = names.find((name) => all.every((sweep) => sweep.name !== name));
  if (unknown !== undefined) {
    const known = all.map(({ name }) => name).join(', ');
    throw new UserError(`This model has no curve '${unknown}': choose from ${known}.`);
  }
  return all.filter(({ name }) => names.includes(name));
}

function labelOf(point: Sweep['points'][number]): string {
  return Object.entries(point)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}
