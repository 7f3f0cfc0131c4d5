/** The invariants of ARCHITECTURE.md about who may import what, read from the imports themselves. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { filesBelow } from '../scripts/lib/files.mjs';
import { ROOT } from '../scripts/lib/paths.mjs';

interface Import {
  /** The importing file, relative to the project. */
  file: string;
  /** A package or `node:` module as written, or a file relative to the project. */
  target: string;
  typesOnly: boolean;
}

const FOLDERS = ['extension', 'server', 'kernels', 'webview'];
const IMPORT =
  /^\s*(?:import|export)\s+(type\s)?[^'"`;]*?from\s+'([^']+)'|^\s*import\s+'([^']+)'|\bimport\('([^']+)'\)|\brequire\('([^']+)'\)/gm;

const imports: Import[] = FOLDERS.flatMap((folder) =>
  existsSync(path.join(ROOT, folder))
    ? filesBelow(path.join(ROOT, folder))
        .filter((file) => /\.[cm]?[jt]s$/.test(file))
        .flatMap((file) => importsOf(`${folder}/${file}`))
    : [],
);

function importsOf(file: string): Import[] {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  return [...text.matchAll(IMPORT)].map((match) => {
    const written = (match[2] ?? match[3] ?? match[4] ?? match[5]) as string;
    const target = written.startsWith('.') ? path.posix.join(path.posix.dirname(file), written) : written;
    return { file, target, typesOnly: match[1] !== undefined };
  });
}

/** Fails with the list of the imports that break a rule. */
function forbid(rule: string, broken: (one: Import) => boolean): void {
  test(rule, () => {
    assert.deepEqual(
      imports.filter(broken).map(({ file, target }) => `${file} imports ${target}`),
      [],
    );
  });
}

const inside = (folder: string) => (name: string) => name.startsWith(`${folder}/`);
const isPackage = (target: string, name: string) => target === name || target.startsWith(`${name}/`);

test('the imports are found at all', () => {
  assert.ok(imports.length > 100);
  assert.ok(imports.some(({ target }) => target === 'vscode'));
  assert.ok(imports.some(({ target }) => target === 'server/protocol.ts'));
});

forbid(
  'kernels/ is pure: it imports nothing of the project outside itself and nothing of Node',
  ({ file, target }) =>
    inside('kernels')(file) &&
    (target.startsWith('node:') ||
      (target.includes('/') && FOLDERS.some((f) => inside(f)(target)) && !inside('kernels')(target))),
);

forbid(
  'only extension/ imports vscode',
  ({ file, target }) => target === 'vscode' && !inside('extension')(file),
);

forbid(
  'only server/engine and the session of the trainer import onnxruntime-node',
  ({ file, target, typesOnly }) =>
    isPackage(target, 'onnxruntime-node') &&
    !typesOnly &&
    !inside('server/engine')(file) &&
    file !== 'server/train/session.ts',
);

forbid(
  'webviews import nothing of the project but the types of the wire contract',
  ({ file, target, typesOnly }) =>
    inside('webview')(file) &&
    FOLDERS.some((folder) => inside(folder)(target)) &&
    !inside('webview')(target) &&
    !(target === 'server/protocol.ts' && typesOnly),
);

forbid(
  'the server knows nothing of the editor extension',
  ({ file, target }) => inside('server')(file) && (inside('extension')(target) || inside('webview')(target)),
);

forbid(
  'the extension sees of the server only the wire contract',
  ({ file, target }) =>
    inside('extension')(file) && inside('server')(target) && target !== 'server/protocol.ts',
);
