/**
 * Child process for JavaScript and TypeScript: every candidate in a QuickJS runtime of its own, the judge's tests in
 * others, in another process of the same program. JSON lines on stdin and stdout (protocol.ts).
 */
import fs from 'node:fs';
import path from 'node:path';
import { isMainThread, workerData } from 'node:worker_threads';
import variant from '@jitl/quickjs-wasmfile-release-sync';
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSWASMModule,
  shouldInterruptAfterDeadline,
} from 'quickjs-emscripten-core';
import { transform } from 'sucrase';
import { hardenHost, reachedLevel } from './harden.ts';
import { serveLines } from './lines.ts';
import type { WorkerReady, WorkerRequest } from './protocol.ts';
import { startWatchdog, watch } from './watchdog.ts';

const MEMORY_BYTES = 64 << 20;
const STACK_BYTES = 160 << 10;
const MOST_REPLY_CHARACTERS = 4 << 20;

interface RegisteredTask {
  names: string[];
  setup: string;
  tests: string[];
}

/** What went wrong in the inner realm, or around it. */
class RunFailure extends Error {
  readonly interrupted: boolean;
  constructor(message: string, interrupted: boolean) {
    super(message);
    this.interrupted = interrupted;
  }
}

type Operation = (text: string, softMs: number) => string;

async function main(): Promise<void> {
  const started = performance.now();
  startWatchdog(process.argv[1]);
  const wasmBinary = new Uint8Array(fs.readFileSync(path.join(import.meta.dirname, 'quickjs.wasm'))).buffer;
  const engine = await newQuickJSWASMModuleFromVariant(newVariant(variant, { wasmBinary }));
  const operations = makeOperations(
    engine,
    readScript('javascript-candidate.js'),
    readScript('javascript-judge.js'),
  );
  hardenHost();
  const milliseconds = Math.round(performance.now() - started);
  const level = reachedLevel();
  const ready: WorkerReady = {
    ready: true,
    pid: process.pid,
    language: 'javascript',
    version: 'QuickJS',
    level,
    milliseconds,
  };
  serveLines(ready, async ({ id, nonce, operation, text, soft }: WorkerRequest) => {
    const begin = performance.now();
    const reply = { id, nonce, ok: true, text: '', interrupted: 0, denied: 0, milliseconds: 0, worn: false };
    try {
      reply.text = operations[operation](text, soft || 60_000);
      if (reply.text.length > MOST_REPLY_CHARACTERS) throw new RunFailure('reply too large', false);
    } catch (error) {
      // The runtime was left as it is; a new process costs less than the doubt.
      reply.ok = false;
      reply.worn = true;
      reply.interrupted = error instanceof RunFailure && error.interrupted ? 1 : 0;
      reply.text = error instanceof RunFailure ? error.message : 'the interpreter failed';
    }
    reply.milliseconds = Math.round((performance.now() - begin) * 100) / 100;
    return reply;
  });
}

function makeOperations(
  engine: QuickJSWASMModule,
  candidate: string,
  judge: string,
): Record<string, Operation> {
  const tasks = new Map<string, RegisteredTask>();
  return {
    run_candidate: (text, softMs) => runCandidate(engine, candidate, text, softMs),
    register_task(text, softMs) {
      const { key, setup, tests, reference, entry } = JSON.parse(text);
      const names = definedNames(stripTypes(reference), entry);
      const task = { names, setup: stripTypes(setup), tests: tests.map(stripTypes) };
      tasks.set(key, task);
      const { need } = judgeOne(engine, judge, task, [], [], softMs);
      const problem = need.length === 0 ? 'its tests call nothing that the reference defines' : null;
      return JSON.stringify({ calls: need, problem, boolean: false });
    },
    judge_batch(text, softMs) {
      const items = JSON.parse(text) as { key: string; calls: string[]; results: unknown[] }[];
      return JSON.stringify(
        items.map(({ key, calls, results }) => {
          const task = tasks.get(key);
          return task ? judgeOne(engine, judge, task, calls, results, softMs) : null;
        }),
      );
    },
  };
}

function runCandidate(engine: QuickJSWASMModule, harness: string, text: string, softMs: number): string {
  const { code, calls } = JSON.parse(text);
  let source: string;
  try {
    source = stripTypes(code);
  } catch (error) {
    return JSON.stringify({ load: { type: 'SyntaxError', message: (error as Error).message.slice(0, 200) } });
  }
  return inContext(engine, softMs, (context, evaluate) => {
    evaluate(harness);
    const failure = tryEvaluate(context, source);
    if (failure) return JSON.stringify({ load: failure });
    evaluate(`__makeCalls(${JSON.stringify(JSON.stringify(calls))})`);
    context.runtime.executePendingJobs();
    return evaluate('__results()');
  });
}

function judgeOne(
  engine: QuickJSWASMModule,
  harness: string,
  task: RegisteredTask,
  calls: string[],
  results: unknown[],
  softMs: number,
): { outcomes: string[]; need: string[] } {
  const text = JSON.stringify({ ...task, calls, results });
  return JSON.parse(
    inContext(engine, softMs, (_context, evaluate) => {
      evaluate(harness);
      return evaluate(`__judge(${JSON.stringify(text)})`);
    }),
  );
}

/** A fresh runtime with its limits; `evaluate` gives a script's value as text, or throws RunFailure. */
function inContext(
  engine: QuickJSWASMModule,
  softMs: number,
  work: (context: QuickJSContext, evaluate: (source: string) => string) => string,
): string {
  const runtime = engine.newRuntime();
  runtime.setMemoryLimit(MEMORY_BYTES);
  runtime.setMaxStackSize(STACK_BYTES);
  const end = Date.now() + softMs;
  runtime.setInterruptHandler(shouldInterruptAfterDeadline(end));
  const context = runtime.newContext();
  const evaluate = (source: string): string => {
    const result = context.evalCode(source);
    if (result.error) {
      const { type, message } = describe(context, result.error);
      throw new RunFailure(`${type}: ${message}`, Date.now() >= end);
    }
    const value = context.typeof(result.value) === 'string' ? context.getString(result.value) : '';
    result.value.dispose();
    return value;
  };
  const text = work(context, evaluate);
  if (Date.now() >= end) throw new RunFailure('late', true);
  context.dispose();
  runtime.dispose();
  return text;
}

function tryEvaluate(context: QuickJSContext, source: string): { type: string; message: string } | undefined {
  const result = context.evalCode(source);
  if (result.error) return describe(context, result.error);
  result.value.dispose();
  return undefined;
}

function describe(
  context: QuickJSContext,
  error: Parameters<QuickJSContext['dump']>[0] & { dispose(): void },
): { type: string; message: string } {
  const dumped = context.dump(error);
  error.dispose();
  return {
    type: String(dumped?.name ?? 'Error').slice(0, 60),
    message: String(dumped?.message ?? dumped).slice(0, 200),
  };
}

/** Types out, and `export` with them: a script has no modules. */
function stripTypes(source: string): string {
  const { code } = transform(source, { transforms: ['typescript'], disableESTransforms: true });
  return code.replace(/^export\s+(default\s+)?(?=(async\s+)?function|class|const|let|var)/gm, '');
}

function definedNames(reference: string, entry: string): string[] {
  const found = reference.matchAll(/^(?:async\s+)?(?:function\*?|const|let|var|class)\s+([\w$]+)/gm);
  return [...new Set([...[...found].map((match) => match[1]), ...(entry ? [entry] : [])])];
}

function readScript(name: string): string {
  return fs.readFileSync(path.join(import.meta.dirname, name), 'utf8');
}

if (isMainThread) main().catch(() => process.exit(71));
else watch(workerData);
