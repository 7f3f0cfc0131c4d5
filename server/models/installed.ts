import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { defaultStorageDir } from '../storage.ts';
import { CONFIG_FILE } from './registry.ts';

/** Name of the model that comes with the package. */
export const DEFAULT_MODEL = 'unmask-135m';

/** Environment variable with the folder of further models. */
export const MODELS_VARIABLE = 'UNMASK_MODELS';

/** Folders that may hold model folders: the package's own and the user's. */
export function modelRoots(): string[] {
  return [path.join(packageRoot(), 'models'), userModelsDir()];
}

/** Where downloads go. */
export function userModelsDir(): string {
  return path.resolve(process.env[MODELS_VARIABLE] ?? path.join(defaultStorageDir(), 'models'));
}

/** Every model folder under the roots, in the order of their names. Whether it can be opened is not looked at. */
export function installedModels(): string[] {
  return modelRoots()
    .filter((root) => existsSync(root))
    .flatMap((root) => readdirSync(root).map((name) => path.join(root, name)))
    .filter((dir) => existsSync(path.join(dir, CONFIG_FILE)))
    .sort((a, b) => path.basename(a).localeCompare(path.basename(b)));
}

/** Folder of the model that comes with the package. */
export function defaultModelDir(): string {
  return path.join(packageRoot(), 'models', DEFAULT_MODEL);
}

/** The folder of this package's package.json; the bundles and the sources lie at different depths below it. */
export function packageRoot(): string {
  let dir = import.meta.dirname;
  while (!isPackageRoot(dir)) {
    const parent = path.dirname(dir);
    if (parent === dir) throw new Error(`no package.json of unmask above ${import.meta.dirname}`);
    dir = parent;
  }
  return dir;
}

function isPackageRoot(dir: string): boolean {
  const file = path.join(dir, 'package.json');
  return existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).name === 'unmask';
}
