import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { buildSandbox } from './build-sandbox.mjs';
import { buildWebview } from './build-webview.mjs';
import { DIST, ROOT } from './paths.mjs';

/** One bundle each; the name is the file in dist/. */
export const PROGRAMS = {
  cli: 'server/cli.ts',
  server: 'server/main.ts',
  engine: 'server/engine/main.ts',
  extension: 'extension/main.ts',
  'server-thread': 'extension/client/server-thread.ts',
};

/**
 * Bundles programs into dist/, and writes the list of the source files in them to dist/bundled.json.
 * Type checking is `npm run typecheck`.
 */
export async function buildAll(programs = PROGRAMS) {
  mkdirSync(DIST, { recursive: true });
  // The root package is an ES module; the bundles are CommonJS, which VS Code loads and every Node runs.
  writeFileSync(path.join(DIST, 'package.json'), '{ "type": "commonjs" }\n');
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: programs,
    outdir: DIST,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['vscode', 'onnxruntime-node'],
    define: { 'import.meta.dirname': '__dirname' },
    sourcemap: true,
    // Names stay: keeping only what functions are called costs more time at loading than reading the longer text.
    minifySyntax: true,
    minifyWhitespace: true,
    metafile: true,
    logLevel: 'warning',
  });
  const inputs = [
    ...Object.keys(metafile.inputs),
    ...(await buildSandbox()),
    ...(await buildWebview()),
  ].sort();
  writeFileSync(path.join(DIST, 'bundled.json'), `${JSON.stringify({ inputs }, null, 1)}\n`);
  chmodSync(path.join(DIST, 'cli.js'), 0o755);
}
