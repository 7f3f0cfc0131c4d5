/** Evaluated in a candidate's realm before its code: makes the calls it is told. It knows no expected value. */
import { decode, encode, Unencodable } from './values.ts';

type Result = { v: string } | { u: string } | { e: { type: string; message: string } };

const { parse, stringify } = JSON;
// biome-ignore lint/security/noGlobalEval: this realm exists to evaluate the candidate's names.
const evaluate = globalThis.eval;
const results: Result[] = [];

function describe(error: unknown): { type: string; message: string } {
  const { name, message } = (error ?? {}) as Error;
  return { type: `${name ?? 'Error'}`.slice(0, 60), message: `${message ?? error}`.slice(0, 200) };
}

function settle(place: number, value: unknown): void {
  try {
    results[place] = { v: encode(value) };
  } catch (error) {
    results[place] = error instanceof Unencodable ? { u: error.message } : { e: describe(error) };
  }
}

function makeCall(call: string, place: number): void {
  try {
    const [name, ...args] = parse(call) as string[];
    // A global `const` is no property of the global object.
    const value = evaluate(`(${name})`)(...args.map(decode));
    if (!(value instanceof Promise)) {
      settle(place, value);
      return;
    }
    results[place] = { e: { type: 'Error', message: 'its promise never settles' } };
    value.then(
      (resolved) => settle(place, resolved),
      (error) => {
        results[place] = { e: describe(error) };
      },
    );
  } catch (error) {
    results[place] = { e: describe(error) };
  }
}

const realm = globalThis as unknown as Record<string, unknown>;
/** Makes the calls, each a JSON text [name, encoded argument, …]; promises settle with the pending jobs. */
realm.__makeCalls = (calls: string) => {
  const list = parse(calls) as string[];
  for (let place = 0; place < list.length; place++) makeCall(list[place], place);
};
realm.__results = () => stringify({ results });
