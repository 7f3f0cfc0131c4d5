import { SANDBOX_DEFAULTS, type SandboxOptions } from '../sandbox/sandbox.ts';
import { type Options, UsageError, type Values } from './command.ts';

/** Flags of every command that runs programs in the sandbox. */
export const SANDBOX_FLAGS: Options = {
  workers: { type: 'string', help: 'worker processes (default: cores − 1, at most 4)' },
  timeout: {
    type: 'string',
    help: `seconds a program may run (default ${SANDBOX_DEFAULTS.timeoutMs / 1000})`,
  },
  sandbox: { type: 'string', help: 'where Python runs: pyodide (default) or native (Linux with python3)' },
  'no-gate': { type: 'boolean', help: 'run also what the look at the syntax forbids' },
};

export function sandboxOptions(values: Values): Partial<SandboxOptions> {
  const backend = values.sandbox ?? SANDBOX_DEFAULTS.backend;
  if (backend !== 'pyodide' && backend !== 'native')
    throw new UsageError('--sandbox must be pyodide or native');
  return {
    backend,
    ...(values.workers !== undefined && { workers: number(values, 'workers', 1, 64) }),
    ...(values.timeout !== undefined && { timeoutMs: number(values, 'timeout', 0.05, 600) * 1000 }),
    gate: values['no-gate'] !== true,
  };
}

function number(values: Values, name: string, least: number, most: number): number {
  const value = Number(values[name]);
  if (value >= least && value <= most) return value;
  throw new UsageError(`--${name} must be a number from ${least} to ${most}`);
}
