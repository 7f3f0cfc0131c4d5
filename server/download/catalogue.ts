import { UserError } from '../errors.ts';
import type { CatalogueEntry } from '../protocol.ts';
import entries from './catalogue.json' with { type: 'json' };

/** Of a weight as it is published. */
const PUBLISHED_BYTES_PER_PARAMETER = 2;
/** Of a weight in a model that was imported to int8, with what a forward needs beside it. */
const BYTES_PER_PARAMETER = 1.5;
/** Beyond so many parameters, in billions, a forward on a processor takes longer than people wait. */
const LARGEST_FOR_CPU = 2;

/**
 * Models that are known to have a family here. Nothing about their files is written down: revision, sizes, hashes and
 * licence are what the hub says when a model is downloaded. Bytes, memory and device are estimates from the number of
 * weights.
 */
export const CATALOGUE: readonly CatalogueEntry[] = entries.map((entry) => ({
  ...entry,
  bytes: entry.billions * 1e9 * PUBLISHED_BYTES_PER_PARAMETER,
  leastMemory: entry.billions * 1e9 * BYTES_PER_PARAMETER,
  device: entry.billions > LARGEST_FOR_CPU ? 'gpu' : 'cpu',
}));

/** The repository that a name of the catalogue, or `owner/repository`, stands for. Throws UserError. */
export function findRepository(name: string): Pick<CatalogueEntry, 'name' | 'repository' | 'config'> {
  const entry = CATALOGUE.find((candidate) => candidate.name === name || candidate.repository === name);
  if (entry) return entry;
  const [, own] = /^[\w.-]+\/([\w.-]+)$/.exec(name) ?? [];
  if (own !== undefined && !/^\.+$/.test(own)) return { name: own.toLowerCase(), repository: name };
  const known = CATALOGUE.map((candidate) => candidate.name).join(', ');
  throw new UserError(
    `'${name}' is not in the catalogue (${known}), and not of the form owner/repository of a hub.`,
  );
}
