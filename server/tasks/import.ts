import type { Sandbox } from '../sandbox/sandbox.ts';
import type { Inputs, ReadTask } from './formats.ts';
import type { Task } from './task.ts';

/**
 * Turns inputs without expected values into asserts, by what the reference returns for each; inputs for which it
 * returns nothing that can be written down are left out. Null when none is left.
 */
export async function resolveInputs(sandbox: Sandbox, read: ReadTask): Promise<Task | null> {
  const { inputs, ...task } = read;
  if (!inputs) return task;
  const text = JSON.stringify({ code: task.reference, entry: task.entry, inputs: inputs.args });
  const answer = await sandbox.judge.operation('expected_values', text);
  const expected = answer === undefined ? [] : (JSON.parse(answer) as (string | null)[]);
  const tests = expected.flatMap((value, i) =>
    value === null ? [] : [assertOf(task.entry, inputs, i, value)],
  );
  return tests.length === 0 ? null : { ...task, tests };
}

function assertOf(entry: string, inputs: Inputs, index: number, expected: string): string {
  const call = `${entry}(${inputs.args[index].map(pythonLiteral).join(', ')})`;
  const isNumber = /^-?[\d.]+(e[-+]?\d+)?$/.test(expected);
  if (inputs.tolerance > 0 && isNumber) return `assert abs(${call} - ${expected}) <= ${inputs.tolerance}`;
  return `assert ${call} == ${expected}`;
}

/** A JSON value as Python writes it. */
function pythonLiteral(value: unknown): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(', ')}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  const pairs = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${pythonLiteral(item)}`);
  return `{${pairs.join(', ')}}`;
}
