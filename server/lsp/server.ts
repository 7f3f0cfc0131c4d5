import type { Connection, InitializeParams, InitializeResult } from 'vscode-languageserver/node';
import manifest from '../../package.json' with { type: 'json' };
import { AcceptanceTracker } from '../completion/acceptance.ts';
import { systemClock } from '../completion/clock.ts';
import { Completer } from '../completion/completer.ts';
import { SingleFlight } from '../completion/single-flight.ts';
import type { Engine, EngineSettings } from '../engine/engine.ts';
import type { EngineCommand } from '../engine/engine-process.ts';
import { ACCEPTED_COMMAND, type InitializationOptions, type ServerSettings } from '../protocol.ts';
import { readSettings } from '../settings.ts';
import { defaultStorageDir } from '../storage.ts';
import { Configuration } from './configuration.ts';
import { registerControl } from './control.ts';
import { registerDiagnostics } from './diagnostics.ts';
import { Documents } from './documents.ts';
import { registerFrontierRequests } from './frontier-requests.ts';
import { registerInlineCompletion } from './inline-completion.ts';
import { showLoadingProgress } from './loading-progress.ts';
import { Pause } from './pause.ts';
import { StatusNotifier } from './status.ts';
import { studyWhenIdle } from './study.ts';
import { registerTraceRequests } from './trace-requests.ts';
import { Trajectories } from './trajectories.ts';

/** Makes the engine; `log` takes a line for the client's log. */
export type CreateEngine = (settings: EngineSettings, log: (line: string) => void) => Engine;

/** What differs between a server of the product and one in a test. */
export interface ServerSetup {
  createEngine: CreateEngine;
  /** Model folder for clients that name none. */
  embeddedModelDir: string;
  /** The engine's program, with which the machine is measured; without it that is left. */
  measureWith?: EngineCommand;
}

const CAPABILITIES: InitializeResult = {
  capabilities: {
    textDocumentSync: Documents.syncKind,
    inlineCompletionProvider: true,
    executeCommandProvider: { commands: [ACCEPTED_COMMAND] },
  },
  serverInfo: { name: manifest.displayName, version: manifest.version },
};

/** Composes the language server on a connection and listens. Nothing is decided here but who knows whom. */
export function startServer(connection: Connection, setup: ServerSetup): void {
  const documents = new Documents();
  const configuration = new Configuration(connection);
  connection.onInitialize((params) => {
    configuration.initialize(params);
    compose(connection, setup, params, documents, configuration);
    return CAPABILITIES;
  });
  connection.onInitialized(() => configuration.initialized());
  documents.listen(connection);
  connection.listen();
}

function compose(
  connection: Connection,
  setup: ServerSetup,
  { initializationOptions, capabilities }: InitializeParams,
  documents: Documents,
  configuration: Configuration,
): void {
  const options: InitializationOptions = initializationOptions ?? {};
  const embeddedModelDir = options.embeddedModelDir ?? setup.embeddedModelDir;
  const storageDir = options.storageDir ?? defaultStorageDir();
  let modelDir = embeddedModelDir;
  const engineSettings = ({ model, device, threads, unloadAfterMinutes }: ServerSettings) => ({
    modelDir: model || embeddedModelDir,
    device,
    threads,
    unloadAfterMinutes,
    storageDir,
  });

  const pause = new Pause();
  const engine = setup.createEngine(engineSettings(readSettings(options.settings).settings), (line) =>
    connection.console.log(line),
  );
  const trajectories = new Trajectories(connection);
  const flights = new SingleFlight(engine, trajectories);
  const completer = new Completer(flights, engine, systemClock);
  const acceptance = new AcceptanceTracker(storageDir);
  const status = new StatusNotifier(connection, { engine, completer, pause, trajectories });

  registerInlineCompletion(connection, { documents, configuration, completer, pause, acceptance, status });
  registerControl(connection, { engine, completer, pause, acceptance, trajectories });
  registerTraceRequests(connection, { engine, trajectories });
  registerFrontierRequests(connection);
  registerDiagnostics(connection, {
    engine,
    completer,
    configuration,
    acceptance,
    trajectories,
    storageDir,
  });
  if (capabilities.window?.workDoneProgress) showLoadingProgress(connection, engine);
  if (setup.measureWith) {
    studyWhenIdle(connection, { engine, command: setup.measureWith, storageDir, modelDir: () => modelDir });
  }

  documents.subscribe(flights);
  documents.subscribe(acceptance);
  documents.subscribe({ onClose: (uri) => configuration.forget(uri) });
  configuration.onDidChange(async () => {
    completer.forget();
    const settings = await configuration.settings();
    modelDir = settings.model || embeddedModelDir;
    engine.configure(engineSettings(settings));
    status.setEnabled(settings.enable);
  });
  connection.onShutdown(async () => {
    completer.cancel();
    await Promise.all([engine.dispose(), acceptance.dispose()]);
  });
}
