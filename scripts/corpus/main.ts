// Makes a folder of permissively licensed Python to train on:
//   node --import tsx scripts/corpus/main.ts OUT
// OUT/<package>/… are the sources, OUT/licences.json what `train sft` reads of licences, OUT/corpus.json where all is from.
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { DocumentFile } from '../../server/train/data/document.ts';
import { sift } from '../../server/train/data/sift.ts';
import { openSourceFolder } from '../../server/train/data/source-folder.ts';
import { filesBelow } from '../lib/files.mjs';
import { PACKAGES } from './packages.ts';
import { download, type Sources, standardLibrary } from './sources.ts';

/** Tests, copies of other packages, tables of translations, what the standard library has beside itself. */
const LEFT_OUT =
  /(^|\/)(tests?|testing|idlelib|lib2to3|site-packages|_?vendor(ed)?|externals|locale|migrations|__pycache__|[^/]*\.dist-info)\/|(^|\/)(test_[^/]*|conftest)\.py$/;
/** Bytes of a file; longer ones are mostly tables. */
const [SHORTEST, LONGEST] = [300, 60_000];
const SIMILARITY = 0.8;

function copySources({ name, dir, share }: Sources, out: string): void {
  for (const file of filesBelow(dir)) {
    if (!file.endsWith('.py') || LEFT_OUT.test(file) || !isTaken(`${name}/${file}`, share)) continue;
    const { size } = statSync(path.join(dir, file));
    if (size >= SHORTEST && size <= LONGEST) cpSync(path.join(dir, file), path.join(out, name, file));
  }
}

/** The same files on every machine. */
function isTaken(file: string, share: number): boolean {
  return createHash('sha256').update(file).digest().readUInt32BE() < share * 2 ** 32;
}

/** Deletes what the rules for training data leave out; what is left, and per package what was left out and why. */
async function clean(
  out: string,
): Promise<{ kept: DocumentFile[]; dropped: Record<string, Record<string, number>> }> {
  const files = await sift(await openSourceFolder(out), { duplicateSimilarity: SIMILARITY });
  const kept = files.filter(({ count }) => count > 0);
  const names = new Set(kept.map(({ file }) => file));
  const reasons = new Map(files.map(({ file, dropped }) => [file, Object.keys(dropped ?? {})[0]]));
  const dropped: Record<string, Record<string, number>> = {};
  for (const file of filesBelow(out).map((name) => path.join(out, name))) {
    if (names.has(file)) continue;
    const reason = reasons.get(file) ?? 'equal or no text';
    const name = packageOf(out, file);
    dropped[name] ??= {};
    dropped[name][reason] = (dropped[name][reason] ?? 0) + 1;
    rmSync(file);
  }
  return { kept, dropped };
}

function packageOf(out: string, file: string): string {
  return path.relative(out, file).split(path.sep)[0];
}

async function main(target: string): Promise<void> {
  if (existsSync(target)) throw new Error(`${target} exists: give a folder that does not`);
  const work = mkdtempSync(path.join(os.tmpdir(), 'corpus-'));
  const out = `${target}.partial`;
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const sources = [standardLibrary(), ...PACKAGES.map((one) => download(one, work))];
  for (const one of sources) copySources(one, out);
  const { kept, dropped } = await clean(out);
  const packages = sources.map(({ name, version, licence, wheel }) => {
    const own = kept.filter(({ file }) => packageOf(out, file) === name);
    const bytes = own.reduce((sum, file) => sum + file.bytes, 0);
    return { name, version, licence, wheel, files: own.length, bytes, dropped: dropped[name] ?? {} };
  });
  const hashes = Object.fromEntries(kept.map(({ file, hash }) => [path.relative(out, file), hash]));
  const write = (name: string, value: unknown) =>
    writeFileSync(path.join(out, name), `${JSON.stringify(value, null, 1)}\n`);
  write('licences.json', Object.fromEntries(packages.map(({ name, licence }) => [name, licence])));
  write('corpus.json', { packages, files: hashes });
  renameSync(out, target);
  rmSync(work, { recursive: true });
  console.table(
    packages.map(({ wheel, dropped: left, ...one }) => ({ ...one, dropped: JSON.stringify(left) })),
  );
}

await main(path.resolve(process.argv[2] ?? 'corpus'));
