import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const folder = import.meta.dirname;

/** Packages with the CPU build of llama.cpp, by platform. The GPU builds are over 300 MB and are left out. */
const BUILDS: Record<string, string> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'win32-x64': 'win-x64',
  'win32-arm64': 'win-arm64',
  'darwin-x64': 'mac-x64',
  'darwin-arm64': 'mac-arm64-metal',
};

/** Installs the library beside this file, once: the locked packages, then this platform's build from npm. */
export async function ensureInstalled(): Promise<void> {
  const build = BUILDS[`${process.platform}-${process.arch}`];
  if (build === undefined)
    throw new Error(`node-llama-cpp has no build for ${process.platform}-${process.arch}`);
  if (existsSync(path.join(folder, 'node_modules', '@node-llama-cpp', build, 'package.json'))) return;
  const version = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')).dependencies[
    'node-llama-cpp'
  ];
  // Its install script would compile from source; the prebuilt package needs none.
  const common = ['--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund'];
  npm(['ci', ...common]);
  npm(['install', '--no-save', '--no-package-lock', ...common, `@node-llama-cpp/${build}@${version}`]);
}

/** The library, which is no dependency of the project and so is found by its place. */
export async function loadLibrary(): Promise<LlamaLibrary> {
  return import(path.join(folder, 'node_modules', 'node-llama-cpp', 'dist', 'index.js'));
}

/** As much of node-llama-cpp as is used here; its own types are installed on demand only. */
export interface LlamaLibrary {
  getLlama(options: object): Promise<Llama>;
}

export interface Llama {
  loadModel(options: { modelPath: string; gpuLayers: number }): Promise<LlamaModel>;
}

export interface LlamaModel {
  createContext(options: object): Promise<LlamaContext>;
  dispose(): Promise<void>;
}

export interface LlamaContext {
  getSequence(): LlamaSequence;
}

export interface LlamaSequence {
  clearHistory(): Promise<void>;
  evaluateWithoutGeneratingNewTokens(tokens: number[]): Promise<void>;
  evaluate(
    tokens: number[],
    options: { temperature: number; yieldEogToken: boolean },
  ): AsyncGenerator<number>;
}

function npm(args: string[]): void {
  const shell = process.platform === 'win32';
  const { status } = spawnSync('npm', args, { cwd: folder, stdio: ['ignore', 2, 2], shell });
  if (status !== 0) throw new Error(`npm ${args[0]} failed in ${folder}`);
}
