import path from 'node:path';
import { build } from 'esbuild';
import { DIST, ROOT } from './paths.mjs';

/** One page each, with the style sheet of the same name. */
const PAGES = ['trace', 'run'];

/**
 * Writes dist/webview: script and style sheet of every page.
 * @param {string} [directory]
 * @returns {Promise<string[]>} the source files that were bundled
 */
export async function buildWebview(directory = path.join(DIST, 'webview')) {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    outdir: directory,
    entryPoints: PAGES.flatMap((page) => [
      { in: `webview/${page}/main.ts`, out: page },
      { in: `webview/${page}/${page}.css`, out: page },
    ]),
    bundle: true,
    platform: 'browser',
    format: 'iife',
    // The oldest browser in a VS Code that the manifest allows (1.100).
    target: 'chrome132',
    minify: true,
    metafile: true,
    logLevel: 'warning',
  });
  return Object.keys(metafile.inputs);
}
