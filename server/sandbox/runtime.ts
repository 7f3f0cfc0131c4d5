import { existsSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../errors.ts';

/** The folder that scripts/build-sandbox.mjs writes: beside the bundle, or under dist/ when run from source. */
export function runtimeDirectory(): string {
  const places = [
    path.join(import.meta.dirname, 'sandbox'),
    path.join(import.meta.dirname, '../../dist/sandbox'),
  ];
  const found = places.find((place) => existsSync(path.join(place, 'python-worker.js')));
  if (found) return found;
  throw new UserError(`The sandbox is missing at ${places[0]}; run npm run build.`);
}
