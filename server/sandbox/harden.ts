import dgram from 'node:dgram';
import dns from 'node:dns';
import Module from 'node:module';
import net from 'node:net';
import type { Level } from './protocol.ts';

type Open = Record<string, unknown>;

/**
 * Takes from the child's own realm what a way out of the inner one could use: network, late module loading, code from
 * strings. Node itself calls none of this a boundary; it is there for the day on which the realm fails.
 */
export function hardenHost(): void {
  const refuse = () => {
    throw new Error('denied');
  };
  const replace = (target: unknown, ...names: string[]) => {
    for (const name of names) (target as Open)[name] = refuse;
  };
  replace(net.Socket.prototype, 'connect');
  replace(net, 'connect', 'createConnection', 'createServer');
  replace(net.Server.prototype, 'listen');
  replace(dgram, 'createSocket');
  replace(dns, ...Object.keys(dns).filter((name) => typeof (dns as unknown as Open)[name] === 'function'));
  Module.syncBuiltinESMExports();
  replace(Module, '_load');
  replace(process, 'getBuiltinModule', 'binding', '_linkedBinding', 'dlopen');
  // A rejected promise of the realm must never be inspected here: inspecting calls methods of the rejected object.
  process.on('unhandledRejection', () => process.exit(70));
  process.on('uncaughtException', () => process.exit(70));
  for (const sample of [() => {}, async () => {}, function* () {}, async function* () {}]) {
    const locked = { value: undefined, writable: false, configurable: false };
    Object.defineProperty(Object.getPrototypeOf(sample), 'constructor', locked);
  }
  const host = globalThis as unknown as Open;
  host.Function = undefined;
  host.eval = undefined;
  for (const name of [
    'fetch',
    'WebSocket',
    'EventSource',
    'Worker',
    'BroadcastChannel',
    'require',
    'global',
  ]) {
    delete host[name];
  }
}

/** What is in force now, found by trying. Call after hardenHost. */
export function reachedLevel(): Level {
  const permission = (process as unknown as { permission?: { has(scope: string): boolean } }).permission;
  return {
    realm: true,
    noCodeFromStrings: process.execArgv.includes('--disallow-code-generation-from-strings'),
    permissions: permission?.has('child') === false && permission.has('fs.write') === false,
    bubblewrap: process.argv.includes('--inside-bubblewrap'),
    seccomp: false,
    landlock: 0,
  };
}
