import fs from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../errors.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { Task } from './task.ts';

const SKIPPED_FOLDERS = ['node_modules', '__pycache__', 'venv', 'site-packages'];
/** Hidden tests are what makes a reward; a function with fewer asserts is no task. */
const FEWEST_ASSERTS = 2;

interface FunctionOfFile {
  name: string;
  head: string;
  body: string;
  needs: string;
  text: string;
}

interface FileDescription {
  functions: FunctionOfFile[];
  asserts: { function: string; test: string; line: number; doctest: boolean }[];
  skipped: { line: number; reason: string }[];
  error: string | null;
}

export interface FromTests {
  tasks: Task[];
  /** One sentence for everything that was not converted. */
  skipped: string[];
}

/**
 * Tasks from the user's own Python files: each top-level function that asserts or doctests call with literals becomes
 * one, its body the reference. Throws UserError when the path holds no Python.
 */
export async function tasksFromTests(sandbox: Sandbox, place: string): Promise<FromTests> {
  const files = await pythonFiles(place);
  if (files.length === 0) throw new UserError(`${place} holds no Python file.`);
  const skipped: string[] = [];
  const described: { file: string; description: FileDescription }[] = [];
  for (const file of files) {
    const source = await fs.readFile(file, 'utf8');
    const answer = await sandbox.judge.operation('describe_file', JSON.stringify({ source }));
    const description: FileDescription = answer
      ? JSON.parse(answer)
      : { functions: [], asserts: [], skipped: [], error: 'the parser gave up' };
    if (description.error) skipped.push(`${file} does not parse (${description.error}).`);
    for (const { line, reason } of description.skipped) skipped.push(`${file}:${line} ${reason}.`);
    described.push({ file, description });
  }
  const tasks = combine(described, place, skipped);
  return { tasks, skipped: [...new Set(skipped)] };
}

function combine(
  described: { file: string; description: FileDescription }[],
  place: string,
  skipped: string[],
): Task[] {
  const owners = new Map<
    string,
    { file: string; function: FunctionOfFile; tests: string[]; doctests: number }[]
  >();
  for (const { file, description } of described) {
    for (const one of description.functions) {
      const list = owners.get(one.name) ?? [];
      list.push({ file, function: one, tests: [], doctests: 0 });
      owners.set(one.name, list);
    }
  }
  for (const { file, description } of described) {
    for (const { function: name, test, line, doctest } of description.asserts) {
      const all = owners.get(name) ?? [];
      const owner =
        all.find((candidate) => candidate.file === file) ?? (all.length === 1 ? all[0] : undefined);
      if (!owner) {
        const why = all.length > 1 ? 'is defined in several files' : 'is not defined in these files';
        skipped.push(`${file}:${line} the function ${name} ${why}.`);
      } else if (!owner.tests.includes(test)) {
        // Examples come first: the one that the prompt shows is the first test.
        if (doctest) owner.tests.splice(owner.doctests++, 0, test);
        else owner.tests.push(test);
      }
    }
  }
  return [...owners.values()].flat().flatMap((owner) => {
    const { file, tests, function: one } = owner;
    if (tests.length === 0) return [];
    const where = path.relative(path.dirname(place), file) || path.basename(file);
    if (one.body === '') {
      skipped.push(`${file} the function ${one.name} has no body of its own lines.`);
      return [];
    }
    if (tests.length < FEWEST_ASSERTS) {
      skipped.push(
        `${file} the function ${one.name} has ${tests.length} assert that can be converted; ${FEWEST_ASSERTS} are needed.`,
      );
      return [];
    }
    return [taskOf(where, one, tests)];
  });
}

function taskOf(where: string, one: FunctionOfFile, tests: string[]): Task {
  return {
    id: `${where}::${one.name}`,
    text: one.text || `Write the function ${one.name}.`,
    language: 'python',
    entry: one.name,
    prefix: `${one.needs}${one.needs && '\n'}${one.head}`,
    reference: one.body,
    setup: '',
    tests,
    shown: 1,
    level: 0,
    split: 'train',
  };
}

async function pythonFiles(place: string): Promise<string[]> {
  let isFile: boolean;
  try {
    isFile = (await fs.stat(place)).isFile();
  } catch (error) {
    throw new UserError(`${place} cannot be read: ${(error as Error).message}.`);
  }
  if (isFile) return [place];
  const found: string[] = [];
  for (const entry of (await fs.readdir(place, { withFileTypes: true })).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    if (entry.name.startsWith('.') || SKIPPED_FOLDERS.includes(entry.name)) continue;
    const inside = path.join(place, entry.name);
    if (entry.isDirectory()) found.push(...(await pythonFiles(inside)));
    else if (entry.isFile() && entry.name.endsWith('.py')) found.push(inside);
  }
  return found;
}
