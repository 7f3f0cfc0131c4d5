import { createRequire } from 'node:module';
import path from 'node:path';
import { packageRoot } from '../models/installed.ts';

/** Where ONNX Runtime's binding lies, and looks for the libraries of devices. The runtime is not loaded. */
export function bindingFolder(): string {
  // In a package it lies beside the bundles, in a clone of the repository above them.
  const { resolve } = createRequire(path.join(packageRoot(), 'dist', 'cli.js'));
  const runtime = path.dirname(resolve('onnxruntime-node/package.json'));
  return path.join(runtime, 'bin', 'napi-v6', process.platform, process.arch);
}
