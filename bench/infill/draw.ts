// Draws the cursors of the infilling suite again: node --import tsx bench/infill/draw.ts
// Needed only when files/ changes; figures measured before are then no longer comparable.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { drawSuite } from './suite.ts';

const folder = path.join(import.meta.dirname, '..', 'suites', 'infill-python');
const manifest = drawSuite(folder, 20260101, 12);
writeFileSync(path.join(folder, 'suite.json'), `${JSON.stringify(manifest, null, 1)}\n`);
console.log(`${manifest.cuts.length} cursors, ${manifest.latency.length} latency documents`);
