/** The interpreter, bundled for the bare realm; scripts/build-sandbox.mjs takes every `import(` out of it. */
import { loadPyodide } from 'pyodide';
// @ts-expect-error The package has no types for this file.
import createPyodideModule from 'pyodide/pyodide.asm.mjs';

const realm = globalThis as unknown as Record<string, unknown>;

/** Loads the interpreter offline, with nothing of the outside: no packages, no environment, no JavaScript globals. */
realm.__boot = async (makeSnapshot: boolean, fromSnapshot: boolean, lockFile: string): Promise<number> => {
  const readbuffer = realm.readbuffer as (path: string) => ArrayBuffer;
  const options = {
    createPyodideModule,
    indexURL: '/runtime/',
    packageBaseUrl: '/none/',
    lockFileContents: JSON.parse(lockFile),
    jsglobals: Object.create(null),
    env: { PYTHONHASHSEED: '0', HOME: '/home/pyodide' },
    stdout: () => {},
    stderr: () => {},
    stdin: () => null,
    _makeSnapshot: makeSnapshot,
    _loadSnapshot: fromSnapshot ? readbuffer('snapshot.bin') : undefined,
  };
  realm.__python = await loadPyodide(options as unknown as Parameters<typeof loadPyodide>[0]);
  return 1;
};
