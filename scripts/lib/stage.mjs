import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { filesBelow } from './files.mjs';
import { thirdPartyNotices } from './notices.mjs';
import { DIST, ROOT } from './paths.mjs';
import { TARGETS } from './targets.mjs';

const PROGRAMS = ['cli.js', 'server.js', 'engine.js', 'extension.js', 'server-thread.js'];
const EMBEDDED_MODEL = 'models/unmask-135m';

/**
 * Lays out the content of one platform's package in dist/vsix/<target>: exactly what is listed here and nothing else.
 * @param {string} target
 * @returns {string} the folder
 */
export function stage(target) {
  const folder = path.join(DIST, 'vsix', target);
  rmSync(folder, { recursive: true, force: true });
  for (const [to, from] of packageFiles(target)) {
    if (!existsSync(from))
      throw new Error(`${path.relative(ROOT, from)} is missing; the package cannot be made without it.`);
    mkdirSync(path.dirname(path.join(folder, to)), { recursive: true });
    cpSync(from, path.join(folder, to));
  }
  writeFileSync(path.join(folder, 'package.json'), manifest());
  writeFileSync(path.join(folder, 'THIRD-PARTY-NOTICES.txt'), thirdPartyNotices());
  // The folder is the white list already; the packer warns when it sees no list of its own.
  writeFileSync(path.join(folder, '.vscodeignore'), '');
  return folder;
}

/**
 * Path in the package and path here, of every file that is copied as it is.
 * @param {string} target
 * @returns {string[][]}
 */
export function packageFiles(target) {
  const documents = ['README.md', 'CHANGELOG.md', 'LICENSE'];
  const media = filesBelow(path.join(ROOT, 'media')).filter((file) => /\.(png|md)$/.test(file));
  const model = filesBelow(path.join(ROOT, EMBEDDED_MODEL));
  const own = [
    ...documents,
    ...media.map((file) => `media/${file}`),
    ...model.map((file) => `${EMBEDDED_MODEL}/${file}`),
    ...[...PROGRAMS, 'package.json'].map((file) => `dist/${file}`),
    ...filesBelow(path.join(DIST, 'sandbox')).map((file) => `dist/sandbox/${file}`),
    'tasks/infill.jsonl',
    'tasks/starter.jsonl',
    ...filesBelow(path.join(DIST, 'webview')).map((file) => `dist/webview/${file}`),
  ];
  const runtime = [...runtimeFiles(target)].map((file) => [
    `dist/node_modules/${file}`,
    `node_modules/${file}`,
  ]);
  return [...own.map((file) => [file, file]), ...runtime].map(([to, from]) => [to, path.join(ROOT, from)]);
}

/** What ONNX Runtime needs to run; the rest of its packages installs, compiles or describes it. */
function* runtimeFiles(target) {
  const { platform, arch, native } = TARGETS[target];
  for (const name of ['onnxruntime-node', 'onnxruntime-common']) yield `${name}/package.json`;
  for (const folder of ['onnxruntime-node/dist', 'onnxruntime-common/dist/cjs']) {
    const files = filesBelow(path.join(ROOT, 'node_modules', folder));
    yield* files.filter((file) => /\.(js|json)$/.test(file)).map((file) => `${folder}/${file}`);
  }
  for (const file of ['onnxruntime_binding.node', ...native]) {
    yield `onnxruntime-node/bin/napi-v6/${platform}/${arch}/${file}`;
  }
}

/** package.json without what concerns only the source tree. */
function manifest() {
  const {
    private: _private,
    // The bundles are CommonJS.
    type: _type,
    bin: _bin,
    scripts: _scripts,
    allowScripts: _allowScripts,
    dependencies: _dependencies,
    devDependencies: _devDependencies,
    ...shipped
  } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  return `${JSON.stringify(shipped, null, 2)}\n`;
}
