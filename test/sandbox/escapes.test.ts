import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { attempts } from '../support/sandbox.ts';
import { BACKENDS, BareWorker } from '../support/sandbox-worker.ts';

const SECRET = 'do-not-read-this';

for (const { backend, skip } of BACKENDS) {
  describe(`from the ${backend} sandbox`, { skip }, () => {
    let worker: BareWorker;
    let folder: string;
    let connections = 0;
    const server = net.createServer((socket) => {
      connections++;
      socket.on('error', () => {}).end('hello');
    });

    before(async () => {
      folder = mkdtempSync(path.join(os.tmpdir(), 'unmask-escapes-'));
      writeFileSync(path.join(folder, 'secret'), SECRET);
      writeFileSync(path.join(folder, 'evil.py'), 'VALUE = 1');
      process.env.MY_SECRET = SECRET;
      await once(server.listen(0, '127.0.0.1'), 'listening');
      worker = await BareWorker.open(backend);
    });
    after(() => {
      worker.close();
      server.close();
      delete process.env.MY_SECRET;
      rmSync(folder, { recursive: true, force: true });
    });

    for (const { name, code } of attempts('escapes.py')) {
      test(`there is no way out by ${name}`, async () => {
        const { port } = server.address() as net.AddressInfo;
        const attempt = code
          .replaceAll('DROP', folder)
          .replace(/(?<!MY_)SECRET/g, path.join(folder, 'secret'))
          .replaceAll('PORT', String(port));
        const outcome = JSON.stringify(await worker.run(attempt));
        assert.doesNotMatch(outcome, new RegExp(`LEAK|${SECRET}`));
        assert.deepEqual(readdirSync(folder).sort(), ['evil.py', 'secret']);
        assert.equal(connections, 0);
      });
    }

    test('a candidate after all these runs as ever', async () => {
      assert.equal(
        await worker.value('import math, re, json, zlib\ndef f(x): return math.sqrt(x + 3)'),
        '2.0',
      );
    });
  });
}
