// Bundles the programs of the product into dist/. Type checking is `npm run typecheck`.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const root = path.join(import.meta.dirname, '..');
const dist = path.join(root, 'dist');

/** One bundle each; the name is the file in dist/. */
const PROGRAMS = {
  cli: 'server/cli.ts',
  server: 'server/main.ts',
  engine: 'server/engine/main.ts',
  extension: 'extension/main.ts',
};

mkdirSync(dist, { recursive: true });
// The root package is an ES module; the bundles are CommonJS, which VS Code loads and top-level await aside suits all.
writeFileSync(path.join(dist, 'package.json'), '{ "type": "commonjs" }\n');
await build({
  absWorkingDir: root,
  entryPoints: PROGRAMS,
  outdir: dist,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  external: ['vscode', 'onnxruntime-node'],
  define: { 'import.meta.dirname': '__dirname' },
  banner: { js: '' },
  sourcemap: true,
  minify: true,
  keepNames: true,
  logLevel: 'warning',
});
chmodSync(path.join(dist, 'cli.js'), 0o755);
