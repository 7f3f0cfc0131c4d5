// Draws the cursors of the infilling suite again: node --import tsx bench/infill/draw.ts
// Needed only when files/ changes; figures measured before are then no longer comparable.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { benchDocuments, drawSuite, loadSuite } from './suite.ts';

const root = path.join(import.meta.dirname, '..', '..');
const folder = path.join(root, 'bench', 'suites', 'infill-python');
const manifest = drawSuite(folder, 20260101, 12);
writeFileSync(path.join(folder, 'suite.json'), `${JSON.stringify(manifest, null, 1)}\n`);
const documents = benchDocuments(loadSuite(folder));
writeFileSync(
  path.join(root, 'server', 'bench', 'documents.json'),
  `${JSON.stringify(documents, null, 2)}\n`,
);
console.log(`${manifest.cuts.length} cursors, ${manifest.latency.length} latency documents`);
