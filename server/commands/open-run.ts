import path from 'node:path';
import { UserError } from '../errors.ts';
import { RunFolder } from '../train/run/run-folder.ts';
import { parseAssignment, readSettingsFile } from '../train/settings.ts';
import { type Options, UsageError, type Values } from './command.ts';

/** A kind of training: where its settings come from. */
export interface Training<T> {
  /** Last part of the name of a run's folder. */
  name: string;
  /** Settings to begin with, by the name of the preset. */
  presets: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Fills in the defaults. Throws UserError, naming `source`, for what cannot be. */
  resolve(given: Readonly<Record<string, unknown>>, source: string): T;
  /** The same settings from whatever folder they are read. */
  absolute(settings: T): T;
}

/** Options of every command that trains. */
export function trainingOptions<T>({ name, presets }: Training<T>): Options {
  return {
    preset: { type: 'string', help: `settings to begin with: ${Object.keys(presets).join(', ')}` },
    config: { type: 'string', help: 'JSON file of settings' },
    run: { type: 'string', help: `folder of the run; default runs/<time>-${name}` },
    resume: { type: 'string', help: 'go on with the run in this folder' },
    set: {
      type: 'string',
      multiple: true,
      help: 'change one setting; a.b=value changes b in a, null takes it away',
    },
  };
}

/** Opens a new run, or the one that is to be resumed. Throws UsageError for a call that says neither. */
export async function openRun<T>(
  values: Values,
  training: Training<T>,
): Promise<{ run: RunFolder; settings: T }> {
  const { preset, config, resume, run: dir } = values as Record<string, string | undefined>;
  if (resume !== undefined) {
    if (preset ?? config ?? dir ?? values.set) {
      throw new UsageError('a run is resumed with its own settings: give --resume alone');
    }
    const run = await RunFolder.open(resume);
    return { run, settings: training.resolve(await run.config(), path.join(resume, 'config.json')) };
  }
  const { presets } = training;
  if (preset !== undefined && !(preset in presets)) {
    throw new UsageError(`there is no preset ${preset}, only ${Object.keys(presets).join(', ')}`);
  }
  const changes = ((values.set ?? []) as string[]).map(parseAssignment);
  if (preset === undefined && config === undefined && changes.length === 0) {
    throw new UsageError('--preset, --config or --resume is needed');
  }
  let given: Record<string, unknown> = {
    ...(preset !== undefined && presets[preset]),
    ...(config !== undefined && (await readSettingsFile(config))),
  };
  for (const [key, value] of changes) given = assign(given, key, value);
  // A run may be resumed from another folder.
  const settings = training.absolute(training.resolve(given, config ?? preset ?? '--set'));
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  return {
    run: await RunFolder.create(dir ?? path.join('runs', `${time}-${training.name}`), settings),
    settings,
  };
}

/**
 * Sets one value, null takes it away; `a.b.c` names c in b in a. Lists are set as a whole. Throws UserError where there
 * is no way to it.
 */
function assign(
  values: Readonly<Record<string, unknown>>,
  key: string,
  value: unknown,
): Record<string, unknown> {
  const at = key.indexOf('.');
  if (at < 0) {
    const { [key]: _, ...others } = values;
    return value === null ? others : { ...others, [key]: value };
  }
  const [head, rest] = [key.slice(0, at), key.slice(at + 1)];
  const inner = values[head];
  if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) {
    throw new UserError(`--set ${key}: ${head} has no part that could be set.`);
  }
  return { ...values, [head]: assign(inner as Record<string, unknown>, rest, value) };
}

/** A span of time for people. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
