import os from 'node:os';
import type { Connection } from 'vscode-languageserver/node';
import manifest from '../../package.json' with { type: 'json' };
import type { AcceptanceTracker } from '../completion/acceptance.ts';
import type { Completer } from '../completion/completer.ts';
import { rememberedReports } from '../engine/devices.ts';
import type { Engine } from '../engine/engine.ts';
import { type DiagnosticsResult, METHODS } from '../protocol.ts';
import type { Configuration } from './configuration.ts';
import type { Trajectories } from './trajectories.ts';

interface Parts {
  engine: Engine;
  completer: Completer;
  configuration: Configuration;
  acceptance: AcceptanceTracker;
  trajectories: Trajectories;
  storageDir: string;
}

/** Answers with what a bug report needs. Holds no text of a document. */
export function registerDiagnostics(connection: Connection, parts: Parts): void {
  connection.onRequest(METHODS.diagnostics, async (): Promise<DiagnosticsResult> => {
    const { engine, completer, configuration, acceptance, trajectories, storageDir } = parts;
    const { model, device, threads, loadMilliseconds } = engine.model ?? {};
    const last = trajectories.last;
    const devices = await rememberedReports(storageDir);
    const lines: Record<string, unknown> = {
      Server: `${manifest.version} on Node ${process.version}, ${process.platform}-${process.arch}`,
      Processor: `${os.cpus().length} × ${os.cpus()[0]?.model ?? 'unknown'}`,
      Engine: engine.state,
      Model: model && `${model.name} (${model.quantization}), weights ${model.weights}`,
      Device: device && `${device}, ${threads} threads, loaded in ${Math.round(loadMilliseconds!)} ms`,
      Devices:
        devices
          ?.map(({ name, used, reason }) => `${name}: ${used ? 'used' : 'not used'}, ${reason}`)
          .join('; ') ?? 'not probed yet',
      Memory: engine.memory && `${Math.round(engine.memory / 2 ** 20)} MiB`,
      'Last latencies': completer.latency.last.map((time) =>
        Number.isFinite(time) ? `${Math.round(time)} ms` : 'late',
      ),
      Slowness: completer.latency.help(device, threads),
      'Last completion': last && {
        tokens: last.responseIds.length,
        forwards: last.forwards,
        tpf: last.tpf,
        ms: last.ms,
        rollbacks: last.rollbacks,
        stop: last.stop,
      },
      Requests: completer.counts,
      Counters: await acceptance.read(),
      Settings: await configuration.settings(),
    };
    return {
      text: Object.entries(lines)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
        .join('\n'),
    };
  });
}
