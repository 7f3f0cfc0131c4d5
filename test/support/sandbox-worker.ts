import { existsSync } from 'node:fs';
import path from 'node:path';
import { buildSandbox } from '../../scripts/lib/build-sandbox.mjs';
import { DIST } from '../../scripts/lib/paths.mjs';
import { findPython, launchPython, type PythonBackend } from '../../server/sandbox/backends.ts';
import { type Outcome, WorkerChild } from '../../server/sandbox/child.ts';
import { runtimeDirectory } from '../../server/sandbox/runtime.ts';
import { ensureSnapshot } from '../../server/sandbox/snapshot.ts';

/** Backends to test, each with the reason to skip it here, if any. */
export const BACKENDS: { backend: PythonBackend; skip: string | false }[] = [
  { backend: 'pyodide', skip: false },
  { backend: 'native', skip: missingPython() },
];

function missingPython(): string | false {
  const python = findPython();
  return 'missing' in python && `the native sandbox: ${python.missing}`;
}

/** A worker without pool and judge, restarted when a candidate ended it. */
export class BareWorker {
  private child: WorkerChild | undefined;
  private start: () => WorkerChild;

  private constructor(start: () => WorkerChild) {
    this.start = start;
  }

  static async open(backend: PythonBackend): Promise<BareWorker> {
    if (!existsSync(path.join(DIST, 'sandbox', 'python-worker.js'))) await buildSandbox();
    const runtime = runtimeDirectory();
    const launch = launchPython(backend, runtime, await ensureSnapshot(runtime));
    return new BareWorker(() => new WorkerChild(launch));
  }

  /** Runs `code` and calls `f(1)`; the outcome as it came over the wire. */
  async run(code: string, softMs = 2000): Promise<Outcome> {
    if (!this.child?.alive) this.child = this.start();
    const text = JSON.stringify({ code, calls: ['["f",[1],{}]'], gate: false });
    const child = this.child;
    const outcome = await child.call({ operation: 'run_candidate', text, softMs, hardMs: softMs + 2000 });
    // As the pool does.
    if (outcome.kind === 'reply' && (!outcome.reply.ok || outcome.reply.worn)) child.kill('aborted');
    return outcome;
  }

  /** The encoded value that f(1) returned, or what came in its place. */
  async value(code: string): Promise<string> {
    const outcome = await this.run(code);
    if (outcome.kind !== 'reply' || !outcome.reply.ok) return JSON.stringify(outcome);
    const { results, load } = JSON.parse(outcome.reply.text);
    return results?.[0]?.v ?? JSON.stringify(results?.[0] ?? load);
  }

  close(): void {
    this.child?.kill('aborted');
  }
}
