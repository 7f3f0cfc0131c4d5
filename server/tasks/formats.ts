import { type Language, type Task, taskHash } from './task.ts';

/** A row that a reader refuses; the message names the key. */
export class RowError extends Error {}

export type Row = Record<string, unknown>;

/** Inputs without expected values, as MBPP+ has them: `tasks import` runs the reference on each. */
export interface Inputs {
  args: unknown[][];
  /** Absolute tolerance for numbers; 0 is equality. */
  tolerance: number;
}

export type ReadTask = Task & { inputs?: Inputs };

interface Format {
  name: string;
  /** Whether a row has this form. */
  fits(row: Row): boolean;
  read(row: Row): ReadTask;
}

/** The published forms that are read, and the project's own, which is MBPP's with more keys. First that fits. */
export const FORMATS: readonly Format[] = [
  { name: 'MBPP', fits: (row) => 'test_list' in row && ('text' in row || 'prompt' in row), read: readMbpp },
  { name: 'MBPP+', fits: (row) => 'base_input' in row && 'canonical_solution' in row, read: readMbppPlus },
  { name: 'infilling', fits: (row) => 'suffix' in row && 'canonical_solution' in row, read: readInfilling },
  { name: 'HumanEval', fits: (row) => 'test' in row && 'entry_point' in row, read: readHumanEval },
];

const LANGUAGES: readonly Language[] = ['python', 'javascript', 'typescript'];

/** Reads one row of any of the forms; throws RowError. */
export function readRow(row: Row): ReadTask {
  const format = FORMATS.find((candidate) => candidate.fits(row));
  if (!format) throw new RowError(`is in none of the known forms (${FORMATS.map((f) => f.name).join(', ')})`);
  return format.read(row);
}

/** The project's own form, or for infilling the published one: what is read back to the same task. */
export function toRow(task: Task): Row {
  if (task.suffix !== undefined) return infillingRow(task);
  return {
    task_id: task.id,
    text: task.text,
    code: task.reference,
    entry_point: task.entry,
    ...(task.prefix && { prefix: task.prefix }),
    test_list: task.tests,
    test_setup_code: task.setup,
    shown_tests: task.shown,
    ...(task.language !== 'python' && { language: task.language }),
    ...(task.level > 0 && { level: task.level }),
    ...(task.split && { split: task.split }),
    hash: taskHash(task),
  };
}

function readMbpp(row: Row): ReadTask {
  const imports = optionalList(row, 'test_imports').join('\n');
  const language = (row.language ?? 'python') as Language;
  if (!LANGUAGES.includes(language)) throw new RowError(`has an unknown language '${String(language)}'`);
  const tests = [...list(row, 'test_list'), ...optionalList(row, 'challenge_test_list')];
  if (tests.length === 0) throw new RowError("has no tests in 'test_list'");
  const reference = newlines(optional(row, 'code'));
  return {
    id: taskId(row),
    text: 'text' in row ? text(row, 'text') : text(row, 'prompt'),
    language,
    entry: optional(row, 'entry_point') || entryOf(reference, tests),
    prefix: optional(row, 'prefix'),
    reference,
    setup: newlines([imports, optional(row, 'test_setup_code')].filter(Boolean).join('\n')),
    tests: tests.map(newlines),
    shown: number(row, 'shown_tests', 1),
    level: number(row, 'level', 0),
    split: optional(row, 'split') || mbppSplit(row),
  };
}

function readMbppPlus(row: Row): ReadTask {
  const args = [...array(row, 'base_input'), ...array(row, 'plus_input')];
  if (!args.every(Array.isArray))
    throw new RowError("holds an input that is not a list in 'base_input' or 'plus_input'");
  const prompt = text(row, 'prompt');
  return {
    id: taskId(row),
    text: prompt,
    language: 'python',
    entry: text(row, 'entry_point'),
    prefix: '',
    // The published solutions of MBPP+ continue the prompt, which may hold imports.
    reference: `${prompt}\n${text(row, 'canonical_solution')}`,
    setup: '',
    tests: [],
    shown: 1,
    level: 0,
    split: '',
    inputs: { args: args as unknown[][], tolerance: number(row, 'atol', 0) },
  };
}

function readHumanEval(row: Row): ReadTask {
  const entry = text(row, 'entry_point');
  return {
    id: taskId(row),
    text: text(row, 'prompt'),
    language: 'python',
    entry,
    prefix: text(row, 'prompt'),
    reference: optional(row, 'canonical_solution'),
    setup: text(row, 'test'),
    tests: [`check(${entry})`],
    shown: 0,
    level: 0,
    split: 'test',
  };
}

/** Form of human-eval-infilling, whose test may be empty or missing here. */
function readInfilling(row: Row): ReadTask {
  const entry = optional(row, 'entry_point');
  const test = newlines(optional(row, 'test'));
  return {
    id: taskId(row),
    text: '',
    language: 'python',
    entry,
    prefix: newlines(optional(row, 'prompt')),
    suffix: newlines(optional(row, 'suffix')),
    reference: text(row, 'canonical_solution'),
    setup: test,
    tests: test === '' ? [] : [`check(${entry})`],
    shown: 0,
    level: 0,
    split: optional(row, 'split') || 'test',
  };
}

function infillingRow(task: Task): Row {
  return {
    task_id: task.id,
    prompt: task.prefix,
    suffix: task.suffix,
    canonical_solution: task.reference,
    test: task.setup,
    entry_point: task.entry,
    split: task.split,
  };
}

/** The first function of the reference that the first test calls; MBPP does not name it. */
function entryOf(reference: string, tests: string[]): string {
  const defined = [...reference.matchAll(/^(?:async\s+)?def\s+(\w+)/gm)].map((match) => match[1]);
  return defined.find((name) => new RegExp(`\\b${name}\\s*\\(`).test(tests[0])) ?? '';
}

/** The published split of MBPP by id: 1-10 prompt, 11-510 test, 511-600 validation, 601-974 train. */
function mbppSplit(row: Row): string {
  const id = row.task_id;
  if (typeof id !== 'number' || id < 1 || id > 974) return '';
  return id <= 10 ? 'prompt' : id <= 510 ? 'test' : id <= 600 ? 'validation' : 'train';
}

function taskId(row: Row): string {
  const id = row.task_id;
  if (typeof id === 'number' || (typeof id === 'string' && id !== '')) return String(id);
  throw new RowError("has no 'task_id' (text or number)");
}

function text(row: Row, key: string): string {
  const value = row[key];
  if (typeof value !== 'string' || value === '') throw new RowError(`has no text in '${key}'`);
  return newlines(value);
}

function optional(row: Row, key: string): string {
  const value = row[key] ?? '';
  if (typeof value !== 'string') throw new RowError(`holds something other than text in '${key}'`);
  return value;
}

function array(row: Row, key: string): unknown[] {
  const value = row[key];
  if (!Array.isArray(value)) throw new RowError(`has no list in '${key}'`);
  return value;
}

function list(row: Row, key: string): string[] {
  const value = array(row, key);
  if (value.some((item) => typeof item !== 'string'))
    throw new RowError(`holds something other than text in '${key}'`);
  return value as string[];
}

function optionalList(row: Row, key: string): string[] {
  return row[key] === undefined ? [] : list(row, key);
}

function number(row: Row, key: string, otherwise: number): number {
  const value = row[key] ?? otherwise;
  if (typeof value !== 'number' || !(value >= 0))
    throw new RowError(`holds something other than a number in '${key}'`);
  return value;
}

function newlines(source: string): string {
  return source.replace(/\r\n?/g, '\n');
}
