/**
 * Runs inside the realm once the interpreter is up: installs the limits, takes the picture of the memory that every
 * candidate starts from, freezes the realm, and leaves three functions for the worker. Only strings and numbers cross.
 */
import { limitFiles } from './files.ts';
import { freezeRealm } from './freeze.ts';
import type { Interpreter, Memory, RealmGlobals } from './interpreter.ts';
import { takePicture } from './picture.ts';

const realm = globalThis as unknown as RealmGlobals;
const python: Interpreter = realm.__python;
const module = python._module;
const resetEntropy = realm.__resetEntropy;
const now = Date.now;
const { apply } = Reflect;

const counts = { denied: 0, interrupted: 0, output: 0, deadline: 0 };
limitMemory(realm.__memoryCap);
const sink = {
  write(bytes: Uint8Array): number {
    counts.output += bytes.length;
    return bytes.length;
  },
  isatty: false,
};
python.setStdout(sink);
python.setStderr(sink);
python.setStdin({ stdin: () => null });

for (const source of realm.__sources) python.runPython(source);
const operations: Record<string, (text: string) => string> = {};
for (const name of realm.__operations) operations[name] = python.globals.get(name);
const bridge = bridgePrototypes();
python.runPython(realm.__scrub);

// The interpreter polls element 0 of its interrupt buffer; 2 raises KeyboardInterrupt. A candidate that swallows the
// interrupt gets the next one a tenth of a second later.
python.setInterruptBuffer({
  get 0() {
    if (counts.deadline === 0 || now() <= counts.deadline) return 0;
    counts.interrupted++;
    counts.deadline = now() + 100;
    return 2;
  },
  set 0(_value: number) {},
});

const files = limitFiles(python.FS);
const stack = module._emscripten_stack_get_current();
const length = module.HEAPU8.length;
const putBack = takePicture(module.HEAPU8);

/** Runs one operation; the answer's first letter is K (done) or X (the operation itself failed). */
realm.__run = (operation, text, softMilliseconds) => {
  counts.denied = counts.output = counts.interrupted = 0;
  counts.deadline = softMilliseconds > 0 ? now() + softMilliseconds : 0;
  try {
    const answer: unknown = operations[operation](text);
    return typeof answer === 'string' ? `K${answer}` : 'Xthe interpreter lost the answer';
  } catch (error) {
    return `X${describe(error)}`;
  } finally {
    counts.deadline = 0;
  }
};
realm.__count = (name) => counts[name];
realm.__dead = () => module.ABORT || Boolean(python._api.fatal_error_occurred);
/** Puts memory, stack, files and entropy back to the picture; returns the bytes by which memory has grown since. */
realm.__restore = () => {
  putBack(module.HEAPU8);
  module.__emscripten_stack_restore(stack);
  files.reset();
  resetEntropy();
  return module.HEAPU8.length - length;
};

function limitMemory(capBytes: number): void {
  const prototype = realm.WebAssembly.Memory.prototype;
  const grow = prototype.grow;
  prototype.grow = function (this: Memory, pages: number) {
    if (this.buffer.byteLength + pages * 65536 <= capBytes) return apply(grow, this, [pages]);
    counts.denied++;
    throw new RangeError('memory cap');
  };
}

/** The classes by which Python objects appear in JavaScript; candidates reach them from proxies of their own. */
function bridgePrototypes(): unknown[] {
  const samples = [
    'print',
    '{}',
    '[]',
    'iter([])',
    '(x for x in [])',
    'b""',
    'object()',
    'int',
    'ValueError()',
    'set()',
  ];
  return [...samples, '(lambda: (yield))()'].flatMap((source) => {
    const proxy = python.runPython(`__import__('_pyodide_core').create_proxy(${source})`) as object;
    const prototype = Object.getPrototypeOf(proxy);
    return [prototype, prototype.constructor];
  });
}

function describe(error: unknown): string {
  try {
    const { name, message } = error as Error;
    return `${String(name)}: ${String(message).slice(-300)}`;
  } catch {
    return 'an error that cannot be described';
  }
}

freezeRealm([...Object.values(python.ffi), ...bridge, realm.os]);
for (const name of [
  '__python',
  '__boot',
  '__sources',
  '__scrub',
  '__putFile',
  '__dropFiles',
  '__resetEntropy',
] as const) {
  delete (realm as Partial<RealmGlobals>)[name];
}
for (const name of ['read', 'load', 'readbuffer']) {
  (globalThis as unknown as Record<string, unknown>)[name] = undefined;
}
