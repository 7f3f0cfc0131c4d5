import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import manifest from '../../package.json' with { type: 'json' };
import { UserError } from '../errors.ts';
import { asUserError } from '../files.ts';
import { fetchFile } from './fetch-file.ts';
import { getJson, type HttpOptions } from './http.ts';
import { unzipFile } from './zip.ts';

const PACKAGE = 'microsoft.ml.onnxruntime.gpu.linux';
const VERSION = manifest.dependencies['onnxruntime-node'];
const LIBRARIES = ['shared', 'cuda'].map((name) => `libonnxruntime_providers_${name}.so`);

export interface CudaOptions extends HttpOptions {
  /** Such as `https://api.nuget.org`. */
  feed: string;
  progress?(done: number, total: number): void;
}

/**
 * Fetches ONNX Runtime's libraries for CUDA, in the version of the runtime, to `dir`, the folder of its binding. The
 * package is checked against the SHA-512 that the feed has in its catalogue, and removed when it is unpacked; an
 * interrupted download goes on another time. Returns the files. Throws UserError.
 */
export async function installCuda(
  dir: string,
  { feed, progress = () => {}, ...http }: CudaOptions,
): Promise<string[]> {
  const leaf = await getJson<{ catalogEntry?: string; packageContent?: string }>(
    `${feed}/v3/registration5-semver1/${PACKAGE}/${VERSION}.json`,
    http,
  );
  const url = leaf.packageContent;
  const entry = leaf.catalogEntry
    ? await getJson<{ packageHash?: string; packageHashAlgorithm?: string; packageSize?: number }>(
        leaf.catalogEntry,
        http,
      )
    : {};
  if (!url || !entry.packageHash || !entry.packageSize || entry.packageHashAlgorithm !== 'SHA512') {
    throw new UserError(`${feed} gives no size and SHA-512 of ${PACKAGE} ${VERSION}; nothing was installed.`);
  }
  const hash = { kind: 'sha512', hex: Buffer.from(entry.packageHash, 'base64').toString('hex') } as const;
  const archive = path.join(dir, `${PACKAGE}.${VERSION}.nupkg`);
  let done = 0;
  const fetched = (bytes: number) => {
    done += bytes;
    progress(done, entry.packageSize!);
  };
  try {
    await mkdir(dir, { recursive: true });
    await fetchFile({ name: PACKAGE, bytes: entry.packageSize, url, hash }, archive, fetched, http);
    for (const library of LIBRARIES) {
      const dest = path.join(dir, library);
      await unzipFile(archive, `runtimes/linux-x64/native/${library}`, `${dest}.partial`);
      await rename(`${dest}.partial`, dest);
    }
    await rm(archive);
  } catch (error) {
    throw asUserError(error as Error, dir);
  }
  return LIBRARIES.map((library) => path.join(dir, library));
}
