import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { DIST, ROOT } from './paths.mjs';

const SOURCE = path.join(ROOT, 'server/sandbox');
const PYODIDE = path.join(ROOT, 'node_modules/pyodide');
const QUICKJS = path.join(
  ROOT,
  'node_modules/@jitl/quickjs-wasmfile-release-sync/dist/emscripten-module.wasm',
);

/** In a bare realm a refused `import()` rejects with an error of the host's realm, which is a way out: none is left. */
const withoutImports = {
  name: 'without-imports',
  setup(plugin) {
    plugin.onLoad({ filter: /node_modules[\\/]pyodide[\\/].*\.mjs$/ }, ({ path: file }) => ({
      contents: readFileSync(file, 'utf8')
        .replace(/(?<![\w$.])import\(/g, '__noImport(')
        .replaceAll('import.meta.url', '"/runtime/pyodide.asm.mjs"'),
      loader: 'js',
    }));
  },
};

const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  minify: true,
  metafile: true,
  logLevel: 'warning',
  target: 'node20',
};

/**
 * Writes dist/sandbox: the workers' programs, the realm's scripts, the Python sources and the interpreters themselves.
 * @param {string} [directory]
 * @returns {Promise<string[]>} the source files that were bundled
 */
export async function buildSandbox(directory = path.join(DIST, 'sandbox')) {
  mkdirSync(directory, { recursive: true });
  writeFileSync(path.join(directory, 'package.json'), '{ "type": "commonjs" }\n');
  const realm = await build({
    ...COMMON,
    outdir: directory,
    entryPoints: ['prelude', 'boot', 'policy'].map((name) => path.join(SOURCE, 'realm', `${name}.ts`)),
    format: 'iife',
    platform: 'neutral',
    // Node's modules are named only on paths that a plain shell never takes.
    external: ['node:*', 'ws'],
    define: { require: 'undefined' },
    banner: { js: 'var __noImport=()=>{throw new Error("no modules")};' },
    plugins: [withoutImports],
  });
  const inner = await build({
    ...COMMON,
    outdir: directory,
    entryPoints: {
      'javascript-candidate': path.join(SOURCE, 'javascript/candidate.ts'),
      'javascript-judge': path.join(SOURCE, 'javascript/judge.ts'),
    },
    format: 'iife',
    platform: 'neutral',
  });
  const workers = await build({
    ...COMMON,
    outdir: directory,
    entryPoints: {
      'python-worker': path.join(SOURCE, 'python-worker.ts'),
      'javascript-worker': path.join(SOURCE, 'javascript-worker.ts'),
    },
    format: 'cjs',
    platform: 'node',
    define: { 'import.meta.dirname': '__dirname', 'import.meta.url': '__fileUrl' },
    banner: { js: 'var __fileUrl = require("node:url").pathToFileURL(__filename).href;' },
  });
  const copies = [
    ...['pyodide.asm.wasm', 'python_stdlib.zip'].map((name) => path.join(PYODIDE, name)),
    ...readdirSync(path.join(SOURCE, 'python')).map((name) => path.join(SOURCE, 'python', name)),
  ];
  cpSync(QUICKJS, path.join(directory, 'quickjs.wasm'));
  for (const file of copies) cpSync(file, path.join(directory, path.basename(file)));
  return [realm, inner, workers].flatMap(({ metafile }) => Object.keys(metafile.inputs));
}

if (process.argv[1] === import.meta.filename) await buildSandbox();
