import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** What the package with the libraries for CUDA holds, as far as it is used. */
export const CUDA_PACKAGE = Object.fromEntries(
  ['cuda', 'shared'].map((name) => {
    const library = `libonnxruntime_providers_${name}.so`;
    return [`runtimes/linux-x64/native/${library}`, Buffer.from(library.repeat(500))];
  }),
);

/** The part of NuGet's interface that is used. */
export async function fakeFeed(
  t: Pick<TestContext, 'after'>,
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
