import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../../server/errors.ts';
import { drawCuts } from './cut-points.ts';
import { type Cut, cutItem, type InfillItem } from './item.ts';
import { findPairs } from './pairs.ts';
import { seededRandom } from './random.ts';

/** suite.json: the drawn cursors, and what is needed to draw them again. */
export interface SuiteManifest {
  seed: number;
  cutsPerFile: number;
  cuts: Cut[];
  /** Cursors of the latency measurement: a line start in the second half of the longest files. */
  latency: Cut[];
}

export interface Suite {
  items: InfillItem[];
  latency: InfillItem[];
}

const LATENCY_DOCUMENTS = 8;

/** Reads a suite folder (suite.json and files/). Throws UserError when the manifest and the files disagree. */
export function loadSuite(folder: string): Suite {
  const manifest = JSON.parse(readFileSync(path.join(folder, 'suite.json'), 'utf8')) as SuiteManifest;
  const sources = readSources(folder);
  const pairs = new Map([...sources].map(([file, source]) => [file, findPairs(source)]));
  const item = (cut: Cut): InfillItem => {
    const source = sources.get(cut.file);
    if (source === undefined || source.split('\n').length < cut.line) {
      throw new UserError(
        `${folder}: suite.json names ${cut.file}:${cut.line}, which is not there; draw the suite again`,
      );
    }
    return cutItem(source, pairs.get(cut.file)!, cut);
  };
  return { items: manifest.cuts.map(item), latency: manifest.latency.map(item) };
}

/** What `unmask bench` keeps of the latency cursors: it must run where the suite is not installed. */
export function benchDocuments({ latency }: Suite): Pick<InfillItem, 'id' | 'prefix' | 'rest' | 'suffix'>[] {
  return latency.map(({ id, prefix, rest, suffix }) => ({ id, prefix, rest, suffix }));
}

/** Draws the cursors of every file of a suite folder: the contents of its suite.json. */
export function drawSuite(folder: string, seed: number, cutsPerFile: number): SuiteManifest {
  const random = seededRandom(seed);
  const sources = [...readSources(folder)];
  const cuts = sources.flatMap(([file, source]) => drawCuts(file, source, cutsPerFile, random));
  const longest = sources.toSorted((a, b) => b[1].length - a[1].length).slice(0, LATENCY_DOCUMENTS);
  const latency = longest.map(([file, source]): Cut => {
    const lines = source.split('\n');
    const indented = lines.flatMap((line, i) => (i > lines.length / 2 && /^\s+\w/.test(line) ? [i] : []));
    const index = indented[Math.floor(random() * indented.length)];
    const column = lines[index].length - lines[index].trimStart().length + 1;
    return { file, line: index + 1, column, kind: 'line-start', missing: 'line' };
  });
  return { seed, cutsPerFile, cuts, latency };
}

/** Text of every program of a suite folder, by its name. */
export function readSources(folder: string): Map<string, string> {
  const files = readdirSync(path.join(folder, 'files')).sort();
  return new Map(files.map((file) => [file, readFileSync(path.join(folder, 'files', file), 'utf8')]));
}
