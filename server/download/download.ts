import { existsSync } from 'node:fs';
import { mkdir, rename, statfs } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../errors.ts';
import { asUserError } from '../files.ts';
import { lockFolder } from '../folder-lock.ts';
import { bytesThere, fetchFile } from './fetch-file.ts';
import type { HttpOptions } from './http.ts';
import { describeModel, type HubFile, type HubModel } from './hub.ts';

/** Files that are fetched side by side. */
const PARALLEL = 4;

export interface DownloadOptions extends HttpOptions {
  /** Such as `https://huggingface.co`, or a mirror of it. */
  endpoint: string;
  revision: string;
  /** Told how much is there, in bytes. */
  progress?(done: number, total: number): void;
}

/**
 * Fetches the files of a model to the new folder `dest`. They are gathered in `dest`.partial, where an interrupted
 * download goes on another time; the folder gets its name when everything is there and has the hashes that the hub
 * says. Throws UserError.
 */
export async function downloadModel(
  repository: string,
  dest: string,
  { endpoint, revision, progress = () => {}, ...http }: DownloadOptions,
): Promise<HubModel> {
  if (existsSync(dest)) throw new UserError(`${dest} is there already; remove it to download it again.`);
  const model = await describeModel(endpoint, repository, revision, http);
  const folder = `${dest}.partial`;
  try {
    await mkdir(folder, { recursive: true });
    const unlock = lockFolder(
      folder,
      (owner) => `process ${owner} is downloading to ${folder}: wait for it, or stop it first.`,
    );
    try {
      await refuseFullDisk(folder, model.files);
      const total = model.files.reduce((sum, { bytes }) => sum + bytes, 0);
      let done = 0;
      const fetched = (bytes: number) => {
        done += bytes;
        progress(done, total);
      };
      await fetchAll(model.files, folder, fetched, http);
    } finally {
      unlock();
    }
    await rename(folder, dest);
  } catch (error) {
    throw asUserError(error as Error, folder);
  }
  return model;
}

/** The first failure ends the others. */
async function fetchAll(
  files: readonly HubFile[],
  folder: string,
  progress: (bytes: number) => void,
  http: HttpOptions,
): Promise<void> {
  const failure = new AbortController();
  const signal = AbortSignal.any([failure.signal, ...(http.signal ? [http.signal] : [])]);
  const waiting = [...files];
  const work = async () => {
    for (let file = waiting.shift(); file; file = waiting.shift()) {
      await fetchFile(file, path.join(folder, file.name), progress, { ...http, signal });
    }
  };
  await Promise.all(
    Array.from({ length: PARALLEL }, () =>
      work().catch((error) => {
        failure.abort(error);
        throw error;
      }),
    ),
  );
}

async function refuseFullDisk(folder: string, files: readonly HubFile[]): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const there = await Promise.all(files.map(({ name }) => bytesThere(path.join(folder, name))));
  const missing = files.reduce((sum, { bytes }, i) => sum + Math.max(0, bytes - there[i]), 0);
  if (missing <= bavail * bsize) return;
  const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(1);
  throw new UserError(
    `${folder} has ${gigabytes(bavail * bsize)} GB of space left, but ${gigabytes(missing)} GB are still to come.`,
  );
}
