import type { DocumentFile, TrainingDocument } from './document.ts';
import { textsOf } from './document.ts';
import { isAllowed } from './licences.ts';
import { NearDuplicates } from './near-duplicates.ts';
import { shingles } from './shingles.ts';
import { TestSets } from './test-sets.ts';

/** What documents must be to be learnt from; those of test sets never are. */
export interface DataRules {
  /** Licences that are allowed, as SPDX ids; empty: any, also none. */
  licences: readonly string[];
  /** A document at least so similar to an earlier one is left out, 0.5 … 1; 0 keeps all. */
  duplicateSimilarity: number;
  /** Lists of hashes of test sets, beside the project's own. */
  testSets: readonly string[];
}

/**
 * The files without the documents that the rules leave out, in the same order; what was left out is counted by its
 * reason. Every document is read once, one at a time. Throws UserError for one that cannot be read.
 */
export async function sift(
  files: readonly DocumentFile[],
  rules: Partial<DataRules>,
): Promise<DocumentFile[]> {
  const { licences = [], duplicateSimilarity = 0 } = rules;
  const testSets = await TestSets.open(rules.testSets ?? []);
  const starts: number[] = [];
  for (const [i] of files.entries()) starts.push(i === 0 ? 0 : starts[i - 1] + files[i - 1].count);
  const duplicates = new NearDuplicates(duplicateSimilarity, async (index) => {
    const at = starts.findLastIndex((start) => start <= index);
    return shinglesOf(await files[at].read(index - starts[at]));
  });

  async function reasonToDrop(
    document: TrainingDocument,
    index: number,
    licence: string | undefined,
  ): Promise<string | undefined> {
    const testSet = document.testSet ?? testSets.setOf(textsOf(document));
    if (testSet !== undefined) return `test set: ${testSet}`;
    if (licences.length > 0 && !isAllowed(licence ?? '', licences)) {
      return licence === undefined ? 'no licence declared' : `licence: ${licence}`;
    }
    if (duplicateSimilarity === 0 || document.kind === 'tokens') return undefined;
    const twin = await duplicates.findOrAdd(index, shinglesOf(document));
    return twin === undefined ? undefined : 'near-duplicate';
  }

  const sifted: DocumentFile[] = [];
  for (const [i, file] of files.entries()) {
    const kept: number[] = [];
    const dropped: Record<string, number> = {};
    for (let index = 0; index < file.count; index++) {
      const document = await file.read(index);
      const reason = await reasonToDrop(document, starts[i] + index, document.licence ?? file.licence);
      if (reason === undefined) kept.push(index);
      else dropped[reason] = (dropped[reason] ?? 0) + 1;
    }
    sifted.push(
      kept.length === file.count
        ? file
        : { ...file, count: kept.length, dropped, read: (index) => file.read(kept[index]) },
    );
  }
  return sifted;
}

function shinglesOf(document: TrainingDocument): Set<number> {
  return shingles(textsOf(document).at(-1) ?? '');
}
