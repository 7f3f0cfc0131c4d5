/**
 * Child process that holds one Python interpreter in a bare realm; candidates run in some, the judge in another.
 * JSON lines on stdin and stdout (protocol.ts). Ends when stdin does.
 */
import fs from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';
import { isMainThread, workerData } from 'node:worker_threads';
import { hardenHost, reachedLevel } from './harden.ts';
import { serveLines } from './lines.ts';
import type { RunReply, WorkerReady, WorkerRequest } from './protocol.ts';
import type { RealmGlobals } from './realm/interpreter.ts';
import { startWatchdog, watch } from './watchdog.ts';

const OPERATIONS = [
  'run_candidate',
  'register_task',
  'judge_batch',
  'describe_file',
  'expected_values',
  'mutants',
];
const SOURCES = ['encoding.py', 'gate.py', 'run.py', 'judge.py', 'extract.py', 'mutate.py', 'preload.py'];
/** What the interpreter's package list would be; it is empty, so nothing can be fetched. */
const LOCK_FILE = JSON.stringify({
  info: {
    abi_version: '2026_0',
    arch: 'wasm32',
    platform: 'emscripten_5_0_3',
    python: '3.14.2',
    version: '314.0.7',
  },
  packages: {},
});
const MOST_REPLY_CHARACTERS = 4 << 20;

async function main(): Promise<void> {
  const started = performance.now();
  const snapshot = option('--snapshot');
  const making = process.argv.includes('--make-snapshot');
  startWatchdog(process.argv[1]);
  const realm = await bootRealm(making, snapshot);
  if (making) return writeSnapshot(realm);
  const run = evaluate(realm, '__run') as RealmGlobals['__run'];
  const count = evaluate(realm, '__count') as RealmGlobals['__count'];
  const dead = evaluate(realm, '__dead') as RealmGlobals['__dead'];
  const restore = evaluate(realm, '__restore') as RealmGlobals['__restore'];
  hardenHost();
  const ready: WorkerReady = {
    ready: true,
    pid: process.pid,
    language: 'python',
    version: '3.14.2',
    level: reachedLevel(),
    milliseconds: Math.round(performance.now() - started),
  };
  serveLines(ready, async (request: WorkerRequest): Promise<RunReply> => {
    const begin = performance.now();
    const answer: unknown = run(request.operation, request.text, request.soft);
    const done = performance.now();
    // Continuations of the realm's promises belong to this candidate: let them run before the memory is restored.
    await new Promise(setImmediate);
    const text =
      typeof answer === 'string' && answer.length <= MOST_REPLY_CHARACTERS ? answer : 'Xreply too large';
    const isDead = whole(() => Number(dead()));
    const grew = request.keep ? 0 : whole(restore);
    return {
      id: request.id,
      nonce: request.nonce,
      ok: text[0] === 'K',
      text: text.slice(1),
      interrupted: whole(() => count('interrupted')),
      denied: whole(() => count('denied')),
      milliseconds: Math.round((done - begin) * 100) / 100,
      worn: isDead !== 0 || grew < 0 || grew > 64 << 20,
    };
  });
}

/** Numbers from the realm; −1 stands for anything else, an error included. */
function whole(read: () => unknown): number {
  try {
    const value = read();
    return typeof value === 'number' && Number.isFinite(value) ? value : -1;
  } catch {
    return -1;
  }
}

async function bootRealm(making: boolean, snapshot: string | undefined): Promise<vm.Context> {
  const realm = vm.createContext(Object.create(null), { codeGeneration: { strings: false, wasm: true } });
  script(realm, 'prelude.js');
  const put = evaluate(realm, '__putFile') as RealmGlobals['__putFile'];
  for (const name of ['pyodide.asm.wasm', 'python_stdlib.zip'])
    copyIn(put, name, fs.readFileSync(runtimeFile(name)));
  if (snapshot) copyIn(put, 'snapshot.bin', fs.readFileSync(snapshot));
  script(realm, 'boot.js');
  await evaluate(realm, `__boot(${making}, ${snapshot !== undefined}, ${JSON.stringify(LOCK_FILE)})`);
  const sources = snapshot ? [] : SOURCES.map(readText);
  if (making) {
    for (const source of sources) evaluate(realm, `__python.runPython(${JSON.stringify(source)})`);
    return realm;
  }
  const settings: Record<string, unknown> = {
    __sources: sources,
    __operations: OPERATIONS,
    __scrub: readText('scrub.py'),
    __memoryCap: Number(option('--memory') ?? 256) * 1024 * 1024,
  };
  for (const [name, value] of Object.entries(settings))
    evaluate(realm, `globalThis.${name} = ${JSON.stringify(value)}; 0`);
  script(realm, 'policy.js');
  return realm;
}

function copyIn(put: RealmGlobals['__putFile'], name: string, bytes: Uint8Array): void {
  put(name, bytes.length).set(bytes);
}

function writeSnapshot(realm: vm.Context): void {
  const bytes = evaluate(realm, '__python.makeMemorySnapshot()') as Uint8Array;
  const copy = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let offset = 0; offset < copy.length; ) {
    try {
      offset += fs.writeSync(1, copy, offset, Math.min(65536, copy.length - offset));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
  process.exit(0);
}

function script(realm: vm.Context, name: string): void {
  new vm.Script(readText(name), { filename: name }).runInContext(realm);
}

function evaluate(realm: vm.Context, source: string): unknown {
  return vm.runInContext(source, realm);
}

function readText(name: string): string {
  return fs.readFileSync(runtimeFile(name), 'utf8');
}

function runtimeFile(name: string): string {
  return path.join(import.meta.dirname, name);
}

function option(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}

if (isMainThread) main().catch(() => process.exit(71));
else watch(workerData);
