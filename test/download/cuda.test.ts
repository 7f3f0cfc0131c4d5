import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { installCuda } from '../../server/download/cuda.ts';
import { unzipFile } from '../../server/download/zip.ts';
import { CUDA_PACKAGE, fakeFeed } from '../support/fake-feed.ts';
import { temporaryFolder } from '../support/model-files.ts';
import { zip } from '../support/zip.ts';

test('the libraries for CUDA are fetched, checked and unpacked, and the package is removed', async (t) => {
  const dir = path.join(temporaryFolder(t), 'bin');
  const shares: number[] = [];
  const feed = await fakeFeed(t, zip({ 'other.txt': Buffer.from('other'), ...CUDA_PACKAGE }));
  const files = await installCuda(dir, { feed, progress: (done, total) => shares.push(done / total) });
  const libraries = Object.keys(CUDA_PACKAGE).map((name) => path.basename(name));
  assert.deepEqual(readdirSync(dir).sort(), libraries);
  for (const file of files) {
    assert.ok(readFileSync(file).equals(CUDA_PACKAGE[`runtimes/linux-x64/native/${path.basename(file)}`]));
  }
  assert.equal(shares.at(-1), 1);
});

test('a package with another hash, or without the libraries, installs nothing', async (t) => {
  const dir = path.join(temporaryFolder(t), 'bin');
  const wrong = createHash('sha512').update('another').digest('base64');
  const refused = (feed: string, message: RegExp) =>
    assert.rejects(installCuda(dir, { feed }), { name: 'UserError', message });
  await refused(await fakeFeed(t, zip(CUDA_PACKAGE), wrong), /has another hash than the hub says/);
  assert.deepEqual(readdirSync(dir), []);
  await refused(
    await fakeFeed(t, zip(CUDA_PACKAGE), ''),
    /gives no size and SHA-512 of \S+ \S+; nothing was installed\.$/,
  );
  await refused(
    await fakeFeed(t, zip({ 'other.txt': Buffer.from('other') })),
    /has no file runtimes\/linux-x64/,
  );
});

test('what is no archive is refused', async (t) => {
  const file = path.join(temporaryFolder(t), 'x.zip');
  for (const content of ['', 'not an archive', Buffer.alloc(100)]) {
    writeFileSync(file, content);
    await assert.rejects(unzipFile(file, 'a', `${file}.out`), {
      name: 'UserError',
      message: /is no zip archive/,
    });
  }
});
