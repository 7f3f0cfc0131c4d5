/** Evaluated in the judge's realm: stubs in place of the solution's functions, and `assert`. */
import { decode, encode } from './values.ts';

type Result = { v: string } | { u: string } | { e: { type: string; message: string } };

class Need extends Error {}

const outcomes: string[] = [];
const need: string[] = [];
let known: Record<string, Result> = {};

function stub(name: string) {
  return (...args: unknown[]) => {
    const call = JSON.stringify([name, ...args.map(encode)]);
    if (!Object.hasOwn(known, call)) {
      if (!need.includes(call)) need.push(call);
      throw new Need();
    }
    const result = known[call];
    if ('v' in result) return decode(result.v);
    throw new Error('u' in result ? `returned a value that is not judged: ${result.u}` : result.e.type);
  };
}

function isEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  return encode(sorted(a)) === encode(sorted(b));
}

/** The same value with every object's keys in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [sorted(key), sorted(item)]));
  if (value instanceof Set) return [...value].map((item) => encode(sorted(item))).sort();
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, sorted((value as Record<string, unknown>)[key])]));
}

const record = (holds: boolean) => void outcomes.push(holds ? 'passed' : 'failed');
const assert = Object.assign((value: unknown) => record(Boolean(value)), {
  ok: (value: unknown) => record(Boolean(value)),
  equal: (a: unknown, b: unknown) => record(Object.is(a, b)),
  strictEqual: (a: unknown, b: unknown) => record(Object.is(a, b)),
  notStrictEqual: (a: unknown, b: unknown) => record(!Object.is(a, b)),
  deepEqual: (a: unknown, b: unknown) => record(isEqual(a, b)),
  deepStrictEqual: (a: unknown, b: unknown) => record(isEqual(a, b)),
  notDeepStrictEqual: (a: unknown, b: unknown) => record(!isEqual(a, b)),
});

const realm = globalThis as unknown as Record<string, unknown>;
// biome-ignore lint/security/noGlobalEval: the tests are source text, and this realm exists to run them.
const evaluate = globalThis.eval;
/** {names, setup, tests, calls, results} → {outcomes, need}, both as JSON text. */
realm.__judge = (text: string): string => {
  const { names, setup, tests, calls, results } = JSON.parse(text);
  known = Object.fromEntries(
    calls.map((call: string, i: number) => [call, results[i]]).filter((pair: unknown[]) => pair[1]),
  );
  realm.assert = assert;
  for (const name of names) realm[name] = stub(name);
  for (const source of [setup, ...tests]) run(source, source !== setup);
  return JSON.stringify({ outcomes, need });
};

function run(source: string, isTest: boolean): void {
  const before = outcomes.length;
  const needed = need.length;
  try {
    const value = evaluate(source);
    // A test may also be an expression that is to be true.
    if (isTest && outcomes.length === before && need.length === needed) record(value === true);
  } catch (error) {
    if (!(error instanceof Need))
      outcomes.push(`error: ${(error as Error)?.message ?? 'unknown'}`.slice(0, 120));
  }
}
