// Makes tasks/infill.jsonl of the infilling suite's programs and of held-out functions of the starter suite:
//   node --import tsx bench/infill/make-tasks.ts
// Needed only when those change; figures measured before are then no longer comparable.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Sandbox } from '../../server/sandbox/sandbox.ts';
import { assembleProgram } from '../../server/tasks/program.ts';
import { readTasks } from '../../server/tasks/read-tasks.ts';
import type { Task } from '../../server/tasks/task.ts';
import { writeTasks } from '../../server/tasks/write-tasks.ts';
import { columnsOf } from './cut-points.ts';
import { seededRandom } from './random.ts';
import { readSources } from './suite.ts';

/** Holes in a function with checks, in a function of the starter suite, and in a program without checks. */
const HOLES = { function: 2, program: 3 };
const SEED = 20260202;
/** Held-out functions of each level of the starter suite, the first ones: functions added to a level change no hole. */
const FUNCTIONS_EACH_LEVEL = 6;

/** Source in which holes are cut between two offsets, and the expressions that are to hold of one of its functions. */
interface Piece {
  id: string;
  source: string;
  start: number;
  end: number;
  holes: number;
  entry: string;
  checks: readonly string[];
}

const root = path.join(import.meta.dirname, '..', '..');
const suite = path.join(root, 'bench', 'suites', 'infill-python');

/** Functions that checks.json knows; the whole of those programs that it does not know. */
function programPieces(): Piece[] {
  const checks: Record<string, Record<string, string[]>> = JSON.parse(
    readFileSync(path.join(suite, 'checks.json'), 'utf8'),
  );
  return [...readSources(suite)].flatMap(([file, source]): Piece[] => {
    const stem = file.replace(/\.py$/, '');
    const known = Object.entries(checks[file] ?? {});
    if (known.length === 0) {
      const whole = { start: 0, end: source.length, holes: HOLES.program };
      return [{ id: `infill/${stem}`, source, ...whole, entry: '', checks: [] }];
    }
    return known.map(([entry, expressions]) => ({
      id: `infill/${stem}/${entry}`,
      source,
      ...bodyOf(source, entry),
      holes: HOLES.function,
      entry,
      checks: expressions.map((expression) => `assert ${expression}`),
    }));
  });
}

async function starterPieces(): Promise<Piece[]> {
  const { tasks } = await readTasks(path.join(root, 'tasks', 'starter.jsonl'));
  const heldOut = tasks.filter(({ split }) => split === 'heldout');
  const levels = [...new Set(heldOut.map(({ level }) => level))];
  return levels
    .flatMap((wanted) => heldOut.filter(({ level }) => level === wanted).slice(0, FUNCTIONS_EACH_LEVEL))
    .map(({ id, prefix, reference, entry, tests }) => ({
      id: id.replace(/^starter/, 'infill/starter'),
      source: prefix + reference,
      start: prefix.length,
      end: prefix.length + reference.length,
      holes: HOLES.function,
      entry,
      checks: tests.map((test) => test.replaceAll(new RegExp(`\\b${entry}\\(`, 'g'), 'candidate(')),
    }));
}

/** From behind the line of a top-level function's head to the next line at the margin. */
function bodyOf(source: string, name: string): { start: number; end: number } {
  const head = new RegExp(`^def ${name}\\(.*\\n`, 'm').exec(source);
  if (!head) throw new Error(`there is no function ${name}`);
  const start = head.index + head[0].length;
  const after = /^\S/m.exec(source.slice(start));
  return { start, end: after ? start + after.index : source.length };
}

/** Different lines of a piece by lot, each from behind its indentation to its end. */
function cutHoles(piece: Piece, random: () => number): Task[] {
  const { id, source, start, end, entry, checks } = piece;
  const lines = linesBetween(source, start, end).filter(
    ({ text }) => columnsOf(text, 'line-start').length > 0,
  );
  const tasks: Task[] = [];
  while (tasks.length < piece.holes && lines.length > 0) {
    const [{ text, offset, number }] = lines.splice(Math.floor(random() * lines.length), 1);
    const from = offset + text.length - text.trimStart().length;
    tasks.push({
      id: `${id}/L${number}`,
      text: '',
      language: 'python',
      entry,
      prefix: source.slice(0, from),
      suffix: source.slice(offset + text.length),
      reference: source.slice(from, offset + text.length),
      setup:
        checks.length === 0 ? '' : `def check(candidate):\n${checks.map((line) => `    ${line}\n`).join('')}`,
      tests: checks.length === 0 ? [] : [`check(${entry})`],
      shown: 0,
      level: 0,
      split: 'test',
    });
  }
  return tasks;
}

function linesBetween(source: string, start: number, end: number) {
  let offset = 0;
  return source.split('\n').flatMap((text, index) => {
    const line = { text, offset, number: index + 1 };
    offset += text.length + 1;
    return line.offset >= start && line.offset < end ? [line] : [];
  });
}

/** The task without its tests where these do not tell its author's line from an empty one. */
async function withTellingTests(sandbox: Sandbox, task: Task): Promise<Task> {
  const passes = async (line: string) =>
    (await sandbox.verdict({ task, code: assembleProgram(task, line) })).verdict === 'passed';
  if (task.tests.length === 0 || ((await passes(task.reference)) && !(await passes('pass')))) return task;
  console.error(`${task.id} has no tests: they do not depend on '${task.reference}'`);
  return { ...task, setup: '', tests: [] };
}

const random = seededRandom(SEED);
const drawn = [...programPieces(), ...(await starterPieces())].flatMap((piece) => cutHoles(piece, random));
const sandbox = await Sandbox.open();
const tasks: Task[] = [];
for (const task of drawn) tasks.push(await withTellingTests(sandbox, task));
sandbox.close();
await writeTasks(path.join(root, 'tasks', 'infill.jsonl'), tasks);
console.log(`${tasks.length} holes, ${tasks.filter(({ tests }) => tests.length > 0).length} with tests`);
