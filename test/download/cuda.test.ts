import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { crc32, deflateRawSync } from 'node:zlib';
import { installCuda } from '../../server/download/cuda.ts';
import { unzipFile } from '../../server/download/zip.ts';
import { temporaryFolder } from '../support/model-files.ts';

const LIBRARIES = ['libonnxruntime_providers_cuda.so', 'libonnxruntime_providers_shared.so'];
const CONTENT = Object.fromEntries(
  LIBRARIES.map((name) => [`runtimes/linux-x64/native/${name}`, Buffer.from(name.repeat(500))]),
);

/** A zip archive as the format's description has it; local headers have extra fields that the directory lacks. */
function zip(files: Record<string, Buffer>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const data = deflateRawSync(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.from(common);
    local.writeUInt16LE(4, 24);
    const written = Buffer.concat([signature(0x04034b50), local, Buffer.from(name), Buffer.alloc(4), data]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(
      Buffer.concat([signature(0x02014b50), Buffer.from([20, 0]), common, rest, Buffer.from(name)]),
    );
    parts.push(written);
    offset += written.length;
  }
  const all = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt32LE(all.length, 8);
  end.writeUInt32LE(offset, 12);
  end.writeUInt16LE(7, 16);
  return Buffer.concat([...parts, all, signature(0x06054b50), end, Buffer.from('comment')]);
}

function signature(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** The part of NuGet's interface that is used. */
async function fakeFeed(
  t: TestContext,
  archive: Buffer,
  hash = createHash('sha512').update(archive).digest('base64'),
) {
  const server = createServer((request, response) => {
    const json = (value: unknown) => response.end(JSON.stringify(value));
    if (
      /registration5-semver1\/microsoft\.ml\.onnxruntime\.gpu\.linux\/\d+\.\d+\.\d+\.json$/.test(
        request.url ?? '',
      )
    ) {
      return json({ catalogEntry: `${feed}/entry.json`, packageContent: `${feed}/package.nupkg` });
    }
    if (request.url === '/entry.json') {
      return json({ packageHash: hash, packageHashAlgorithm: 'SHA512', packageSize: archive.length });
    }
    return response.end(archive);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const feed = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return feed;
}

test('the libraries for CUDA are fetched, checked and unpacked, and the package is removed', async (t) => {
  const dir = path.join(temporaryFolder(t), 'bin');
  const shares: number[] = [];
  const feed = await fakeFeed(t, zip({ 'other.txt': Buffer.from('other'), ...CONTENT }));
  const files = await installCuda(dir, { feed, progress: (done, total) => shares.push(done / total) });
  assert.deepEqual(readdirSync(dir).sort(), LIBRARIES);
  for (const file of files) {
    assert.ok(readFileSync(file).equals(CONTENT[`runtimes/linux-x64/native/${path.basename(file)}`]));
  }
  assert.equal(shares.at(-1), 1);
});

test('a package with another hash, or without the libraries, installs nothing', async (t) => {
  const dir = path.join(temporaryFolder(t), 'bin');
  const wrong = createHash('sha512').update('another').digest('base64');
  const refused = (feed: string, message: RegExp) =>
    assert.rejects(installCuda(dir, { feed }), { name: 'UserError', message });
  await refused(await fakeFeed(t, zip(CONTENT), wrong), /has another hash than the hub says/);
  assert.deepEqual(readdirSync(dir), []);
  await refused(
    await fakeFeed(t, zip(CONTENT), ''),
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
