import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DIST, ROOT } from './paths.mjs';

/** Packages that are shipped beside the bundles. */
const SHIPPED_WHOLE = ['onnxruntime-node', 'onnxruntime-common'];

/** For packages that name their licence but do not contain its text. */
const COPYRIGHT = {
  'onnxruntime-node': 'Copyright (c) Microsoft Corporation',
  'onnxruntime-common': 'Copyright (c) Microsoft Corporation',
};

/** For packages under another licence that do not contain its text. */
const STATEMENTS = {
  pyodide: `Mozilla Public License 2.0, https://mozilla.org/MPL/2.0/. Source code: https://github.com/pyodide/pyodide. The copy here
differs from it in that every dynamic import is replaced by an error; scripts/lib/build-sandbox.mjs of Unmask makes that
change. It contains CPython, https://www.python.org, under the Python Software Foundation License Version 2.`,
};

/** The licences of every package whose code is in the product, from what the bundler says it has taken in. */
export function thirdPartyNotices() {
  const head = 'Unmask contains code of these packages. The model has its own notice, beside its files.\n';
  return [head, ...shippedPackages().map(notice)].join(`\n${'-'.repeat(80)}\n\n`);
}

/** Names of the packages in the product, sorted. */
export function shippedPackages() {
  const { inputs } = JSON.parse(readFileSync(path.join(DIST, 'bundled.json'), 'utf8'));
  const bundled = inputs
    .map((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1])
    .filter((name) => name !== undefined);
  return [...new Set([...bundled, ...SHIPPED_WHOLE])].sort();
}

function notice(name) {
  const folder = path.join(ROOT, 'node_modules', name);
  const {
    version,
    license,
    homepage = '',
  } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|third-?party)/i.test(file));
  const texts = files.map((file) => readFileSync(path.join(folder, file), 'utf8').trim());
  if (texts.length === 0) texts.push(standardText(name, license));
  const head = [`${name} ${version}`, license, homepage].filter(Boolean).join(', ');
  return `${[head, ...texts].join('\n\n')}\n`;
}

function standardText(name, license) {
  if (STATEMENTS[name]) return STATEMENTS[name];
  if (license !== 'MIT' && license !== 'Apache-2.0') {
    throw new Error(`${name} (${license}) has no licence text; add it to scripts/lib/notices.mjs.`);
  }
  if (license === 'Apache-2.0') return 'The text of the Apache License 2.0 is in the file LICENSE.';
  return `${COPYRIGHT[name] ?? `Copyright (c) the authors of ${name}`}\n\n${MIT}`;
}

const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;
