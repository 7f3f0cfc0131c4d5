import { UserError } from './errors.ts';

/** The key at fault, or undefined when the value has the shape. */
export type Shape = (value: unknown, key: string) => string | undefined;

const leaf =
  (fits: (value: unknown) => boolean): Shape =>
  (value, key) =>
    fits(value) ? undefined : key;

export const text = leaf((value) => typeof value === 'string');
export const yesOrNo = leaf((value) => typeof value === 'boolean');
export const number = leaf((value) => Number.isFinite(value));
export const whole = leaf((value) => Number.isSafeInteger(value));
export const count = leaf((value) => Number.isSafeInteger(value) && (value as number) >= 0);
export const share = leaf(
  (value) => Number.isFinite(value) && (value as number) >= 0 && (value as number) <= 1.001,
);
export const oneOf = (...values: unknown[]) => leaf((value) => values.includes(value));

export const optional =
  (shape: Shape): Shape =>
  (value, key) =>
    value === undefined ? undefined : shape(value, key);

export const list =
  (shape: Shape): Shape =>
  (value, key) => {
    if (!Array.isArray(value)) return key;
    for (const [i, item] of value.entries()) {
      const fault = shape(item, `${key}[${i}]`);
      if (fault) return fault;
    }
  };

export const record =
  (fields: Record<string, Shape>): Shape =>
  (value, key) => {
    if (typeof value !== 'object' || value === null) return key;
    for (const [name, shape] of Object.entries(fields)) {
      const fault = shape((value as Record<string, unknown>)[name], key === '' ? name : `${key}.${name}`);
      if (fault) return fault;
    }
  };

/** A kind of JSON document that Unmask writes. */
export interface SavedKind {
  /** What its key `format` says. */
  format: string;
  /** What it is called in a sentence. */
  noun: string;
  shape: Shape;
  /** What to do when it is damaged. */
  remedy: string;
}

/** Reads a document of version 1 and checks its shape; `name` stands for the file in the sentence of a UserError. */
export function parseSaved<T>(contents: string, name: string, { format, noun, shape, remedy }: SavedKind): T {
  const value = parseJson(contents, name, remedy);
  if (value?.format !== format) {
    throw new UserError(`${name} is not a ${noun} of Unmask: its key "format" is not "${format}".`);
  }
  if (value.version !== 1) {
    throw new UserError(
      `${name} has version ${JSON.stringify(value.version)} and this Unmask reads version 1: use the Unmask that wrote it.`,
    );
  }
  const fault = shape(value, '');
  if (fault) throw new UserError(`${name} is damaged at the key "${fault}": ${remedy}.`);
  return value as T;
}

function parseJson(
  contents: string,
  name: string,
  remedy: string,
): { format?: unknown; version?: unknown } | null {
  try {
    return JSON.parse(contents);
  } catch (error) {
    throw new UserError(`${name} is not JSON (${(error as Error).message}): ${remedy}.`);
  }
}
