import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { packageFiles } from '../../scripts/lib/stage.mjs';
import { hostTarget, TARGETS } from '../../scripts/lib/targets.mjs';
import { vsixPath } from '../../scripts/lib/vsix.mjs';
import { zipNames } from '../support/zip-names.ts';

/** Every file of a package but the native ones, as the packer names them. */
const EXPECTED = readFileSync(path.join(import.meta.dirname, 'files.txt'), 'utf8')
  .trim()
  .split('\n');

/** The native files of every platform, as the package of ONNX Runtime has them. */
const NATIVE: Record<string, string[]> = {
  'linux-x64': ['linux/x64/libonnxruntime.so.1', 'linux/x64/onnxruntime_binding.node'],
  'linux-arm64': ['linux/arm64/libonnxruntime.so.1', 'linux/arm64/onnxruntime_binding.node'],
  'win32-x64': ['DirectML.dll', 'onnxruntime.dll', 'onnxruntime_binding.node'].map(
    (file) => `win32/x64/${file}`,
  ),
  'win32-arm64': ['DirectML.dll', 'onnxruntime.dll', 'onnxruntime_binding.node'].map(
    (file) => `win32/arm64/${file}`,
  ),
  'darwin-arm64': ['darwin/arm64/libonnxruntime.1.dylib', 'darwin/arm64/onnxruntime_binding.node'],
};
const RUNTIME = 'dist/node_modules/onnxruntime-node/bin/napi-v6';

const vsix = vsixPath(hostTarget());

describe('the package of this machine', {
  skip: !existsSync(vsix) && `${vsix} is missing; npm test makes it`,
}, () => {
  test('holds exactly the files of the list', () => {
    const native = NATIVE[hostTarget()].map((file) => `extension/${RUNTIME}/${file}`);
    const expected = new Set([...EXPECTED, ...native]);
    const actual = new Set(zipNames(vsix));
    assert.deepEqual(
      {
        missing: [...expected].filter((file) => !actual.has(file)),
        unexpected: [...actual].filter((file) => !expected.has(file)),
      },
      { missing: [], unexpected: [] },
    );
  });

  test('keeps to its budget of 190 MB', () => {
    assert.ok(statSync(vsix).size <= 190e6);
  });
});

test('there is a package for every platform with a native library', () => {
  assert.deepEqual(Object.keys(TARGETS).sort(), Object.keys(NATIVE).sort());
});

for (const [target, native] of Object.entries(NATIVE)) {
  test(`the package for ${target} has the native files of that platform and no others`, () => {
    const files = packageFiles(target);
    const inPackage = files.map(([to]) => to).filter((file) => /\.(node|dll|dylib|so(\.\d+)*)$/.test(file));
    assert.deepEqual(inPackage.sort(), native.map((file) => `${RUNTIME}/${file}`).sort());
    const missing = files.filter(([, from]) => !from.includes('/dist/') && !existsSync(from));
    assert.deepEqual(missing, []);
  });
}
