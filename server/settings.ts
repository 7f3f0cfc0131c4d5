import manifest from '../package.json' with { type: 'json' };
import type { ServerSettings } from './protocol.ts';

interface Schema {
  type: string;
  default: unknown;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
}

/** The manifest is the only place where settings are described and have their defaults. */
const SCHEMAS = Object.entries(manifest.contributes.configuration.properties as Record<string, Schema>).map(
  ([key, schema]) => ({ key: key.replace('unmask.', '') as keyof ServerSettings, schema }),
);

const TYPES: Record<string, (value: unknown) => boolean> = {
  boolean: (value) => typeof value === 'boolean',
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number' && Number.isFinite(value),
  integer: (value) => Number.isInteger(value),
  array: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
  object: (value) => isRecord(value) && Object.values(value).every((item) => typeof item === 'boolean'),
};

/**
 * Settings as a client sent them: what is missing has its default, and so has what is wrong, with one sentence for
 * each in `problems`. Unknown keys are left out.
 */
export function readSettings(sent: unknown): { settings: ServerSettings; problems: string[] } {
  const values = isRecord(sent) ? sent : {};
  const problems: string[] = [];
  const entries = SCHEMAS.map(({ key, schema }) => {
    const value = values[key];
    if (value === undefined || value === null) return [key, schema.default];
    const wrong = fault(value, schema);
    if (wrong === undefined) return [key, value];
    problems.push(
      `The setting unmask.${key} ${wrong}; its default ${JSON.stringify(schema.default)} is used.`,
    );
    return [key, schema.default];
  });
  return { settings: Object.fromEntries(entries) as ServerSettings, problems };
}

function fault(value: unknown, { type, enum: choices, minimum, maximum }: Schema): string | undefined {
  if (!TYPES[type](value)) return `must be of type ${type}`;
  if (choices && !choices.includes(value)) return `must be one of ${choices.join(', ')}`;
  if (minimum !== undefined && (value as number) < minimum) return `must be at least ${minimum}`;
  if (maximum !== undefined && (value as number) > maximum) return `must be at most ${maximum}`;
  return undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
