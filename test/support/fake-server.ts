/**
 * The real language server over standard input and output, with a scripted engine that a test steers by requests of
 * its own: `fake/script` sets the rules, `fake/hold` makes every forward wait for `fake/release`. Every forward and
 * every end is reported by `fake/forward` and `fake/end`.
 */
import { createConnection } from 'vscode-languageserver/node';
import { startServer } from '../../server/lsp/server.ts';
import { ScriptedEngine, type ScriptRule } from './scripted-engine.ts';

const connection = createConnection(process.stdin, process.stdout);
let held = false;
let release: (() => void)[] = [];

const engine = new ScriptedEngine({
  async beforeForward(request, forward, signal) {
    void connection.sendNotification('fake/forward', { request, forward });
    if (held) {
      await new Promise<void>((resolve) => {
        release.push(resolve);
        signal?.addEventListener('abort', () => resolve(), { once: true });
      });
    } else {
      await new Promise((resolve) => setImmediate(resolve));
    }
  },
  onEnd(request, stop) {
    void connection.sendNotification('fake/end', { request, stop });
  },
});

connection.onRequest('fake/script', ({ rules }: { rules: ScriptRule[] }) => {
  engine.rules = rules;
  return null;
});
connection.onRequest('fake/hold', ({ on }: { on: boolean }) => {
  held = on;
  return null;
});
connection.onRequest('fake/release', () => {
  const waiting = release;
  release = [];
  for (const resolve of waiting) resolve();
  return null;
});
connection.onRequest('fake/settings', () => engine.settings ?? null);

startServer(connection, { createEngine: () => engine, embeddedModelDir: '/models/embedded' });
