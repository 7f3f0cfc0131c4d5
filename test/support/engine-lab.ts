import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import type { EngineRequest, EngineSettings, EngineState } from '../../server/engine/engine.ts';
import { EngineHost, type HostLimits } from '../../server/engine/host.ts';

export const FAKE_ENGINE = ['--import', 'tsx', path.join(import.meta.dirname, 'fake-engine.ts')];

export const SETTINGS: EngineSettings = {
  modelDir: 'fake',
  device: 'cpu',
  threads: 1,
  unloadAfterMinutes: 0,
};

/** A request for eight tokens; what the prompt asks of the fake model beside is in fake-model.ts. */
export function request(prefix = 'a', settings: EngineRequest['settings'] = {}): EngineRequest {
  return {
    prompt: { prefix: `${prefix} `, suffix: '', fim: false, budget: 0 },
    settings: { mode: 'ar', maxTokens: 8, ...settings },
    candidates: 0,
  };
}

/** A folder that is gone after the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'unmask-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A running engine process, as its lifeline shows it. */
export interface Lifeline {
  ended: Promise<void>;
}

/** Every fake engine that is started from now on holds a connection; `next` resolves when one has started. */
export async function watchEngines(t: TestContext): Promise<{ next(): Promise<Lifeline> }> {
  const file = path.join(temporaryFolder(t), 'lifeline');
  const server = net.createServer().listen(file);
  await once(server, 'listening');
  t.after(() => server.close());
  process.env.UNMASK_TEST_LIFELINE = file;
  const started: Lifeline[] = [];
  const waiting: ((lifeline: Lifeline) => void)[] = [];
  server.on('connection', (socket) => {
    // A process that is killed may reset its connection.
    socket.on('error', () => {}).resume();
    const lifeline = { ended: new Promise<void>((resolve) => socket.once('close', () => resolve())) };
    const take = waiting.shift();
    if (take) take(lifeline);
    else started.push(lifeline);
  });
  return {
    next: () =>
      new Promise((resolve) => {
        const lifeline = started.shift();
        if (lifeline) resolve(lifeline);
        else waiting.push(resolve);
      }),
  };
}

/** An engine host with fake engines, what it logged, and the states it went through. */
export async function engineLab(
  t: TestContext,
  settings: Partial<EngineSettings> = {},
  limits?: Partial<HostLimits>,
) {
  const engines = await watchEngines(t);
  const log: string[] = [];
  const host = new EngineHost({
    command: { args: FAKE_ENGINE },
    settings: { ...SETTINGS, ...settings },
    log: (line) => log.push(line),
    limits,
  });
  t.after(() => host.dispose());
  const states: EngineState[] = [];
  host.onDidChange(() => {
    if (states.at(-1) !== host.state) states.push(host.state);
  });
  return {
    host,
    engines,
    log,
    states,
    /** Forwards that all processes together have run or begun. */
    forwards: () => log.filter((line) => line.startsWith('forward ')).length,
    /** A forward held by `!gate:N=FILE` goes on once the gate is open. */
    gate() {
      const file = path.join(temporaryFolder(t), 'gate');
      return { file, open: () => writeFileSync(file, '') };
    },
    state: (kind: EngineState['kind']) => stateReached(host, kind),
  };
}

async function stateReached(host: EngineHost, kind: EngineState['kind']): Promise<EngineState> {
  while (host.state.kind !== kind) {
    await new Promise<void>((resolve) => {
      const stop = host.onDidChange(() => {
        stop();
        resolve();
      });
    });
  }
  return host.state;
}
