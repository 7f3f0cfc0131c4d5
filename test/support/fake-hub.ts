import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export const REPOSITORY = 'lab/tiny';
const COMMIT = 'c0ffee'.padEnd(40, '0');

/** Answers a request for a file in another way than with the file; true: it has answered. */
export type Fault = (
  request: IncomingMessage,
  response: ServerResponse,
  content: Buffer,
) => boolean | undefined;

/**
 * A server with the part of the Hugging Face hub's interface that a download uses. Large files have a sha256, small
 * ones git's hash. `faults` are tried in turn, one for every request of a file by that name.
 */
export async function fakeHub(
  t: Pick<TestContext, 'after'>,
  files: Record<string, Buffer>,
  faults: Record<string, Fault[]> = {},
  repository = REPOSITORY,
) {
  const requests: { url: string; range?: string; authorization?: string }[] = [];
  const server = createServer((request, response) => {
    const { url = '', headers } = request;
    requests.push({ url, range: headers.range, authorization: headers.authorization });
    const json = (value: unknown) => response.end(JSON.stringify(value));
    if (url === `/api/models/${repository}/revision/main`) {
      return json({ sha: COMMIT, cardData: { license: 'apache-2.0' } });
    }
    if (url === `/api/models/${repository}/tree/${COMMIT}`) {
      return json(Object.entries(files).map(([name, content]) => entry(name, content)));
    }
    const name = url.replace(/^.*\//, '');
    const content = files[name];
    if (content === undefined) return response.writeHead(404).end();
    if (faults[name]?.shift()?.(request, response, content)) return;
    const start = Number(/bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0);
    response.writeHead(start > 0 ? 206 : 200).end(content.subarray(start));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, commit: COMMIT };
}

function entry(path: string, content: Buffer) {
  const size = content.length;
  const git = createHash('sha1').update(`blob ${size}\0`).update(content).digest('hex');
  if (!path.endsWith('.safetensors')) return { type: 'file', path, size, oid: git };
  const oid = createHash('sha256').update(content).digest('hex');
  return { type: 'file', path, size: 130, oid: git, lfs: { oid, size } };
}
