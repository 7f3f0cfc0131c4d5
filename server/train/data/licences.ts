import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../../errors.ts';

/** At the root of a folder of source files: SPDX expressions by path below it; `.` is the folder itself. */
export const LICENCE_FILE = 'licences.json';

/** What a folder says about the licences of its files; the longest path that leads to a file counts. */
export async function folderLicences(dir: string): Promise<(file: string) => string | undefined> {
  const declared = await readDeclared(path.join(dir, LICENCE_FILE));
  return (file) => {
    for (let at = path.relative(dir, file); ; at = path.dirname(at)) {
      const licence = declared[at.replaceAll(path.sep, '/')];
      if (licence !== undefined || at === '.') return licence;
    }
  };
}

/** Whether an SPDX expression without brackets leaves a choice that holds allowed licences only. */
export function isAllowed(expression: string, allowed: readonly string[]): boolean {
  return expression
    .split(/\s+OR\s+/)
    .some((choice) => choice.split(/\s+AND\s+/).every((licence) => allowed.includes(licence.trim())));
}

async function readDeclared(file: string): Promise<Record<string, string>> {
  let declared: unknown;
  try {
    declared = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new UserError(`${file} cannot be read: ${(error as Error).message}.`);
  }
  const isRecord = typeof declared === 'object' && declared !== null && !Array.isArray(declared);
  if (isRecord && Object.values(declared as object).every((licence) => typeof licence === 'string')) {
    return declared as Record<string, string>;
  }
  throw new UserError(
    `${file} must be an object of SPDX expressions by path, such as {"requests": "Apache-2.0"}.`,
  );
}
