import path from 'node:path';
import { measureCompletions } from '../bench/completions.ts';
import { decodeRound, decodingRows, type Round } from '../bench/decoding.ts';
import { hasEngineEnvironment, runInEngineEnvironment } from '../bench/engine-environment.ts';
import { measureForwards } from '../bench/forwards.ts';
import { findPeer, measurePeer, type PeerResult } from '../bench/peer.ts';
import { compareWithPeer, renderReport } from '../bench/report.ts';
import { EngineHost } from '../engine/host.ts';
import { loadModel } from '../engine/load.ts';
import { UserError } from '../errors.ts';
import type { EngineOptions } from '../protocol.ts';
import { type Command, type Io, UsageError } from './command.ts';
import { DECODE_OPTIONS, readDecodeOptions, text } from './decode-options.ts';

const ROUNDS = 3;

export const bench: Command = {
  name: 'bench',
  usage: '[--against llama.cpp]',
  summary: 'speed on this machine, of the best of repeated runs; side by side with a peer',
  options: {
    model: DECODE_OPTIONS.model,
    threads: DECODE_OPTIONS.threads,
    against: {
      type: 'string',
      help: 'also measure llama.cpp on the same weights (in a clone of the repository)',
    },
  },
  async run(args, values, io) {
    if (args.length > 0) throw new UsageError(`unexpected argument '${args[0]}'`);
    const options = readDecodeOptions(values).engine;
    const against = text(values, 'against');
    const peer = against === undefined ? undefined : findPeer(against);
    if (!hasEngineEnvironment(process.env)) return runInEngineEnvironment(io.signal);
    const forwards = await inProcess(options, io);
    const report = await inEngine(options, peer, io);
    const rows = [...forwards.rows, ...report.rows];
    const result = { ...forwards, ...report, rows };
    io.result(renderReport(result), result);
  },
};

/** Single forwards, in this process. */
async function inProcess(options: EngineOptions, io: Io) {
  io.note('forwards …');
  const model = await loadModel(options, () => {});
  try {
    return { model: model.folder.name, threads: model.threads, rows: await measureForwards(model) };
  } finally {
    await model.release();
  }
}

/** What a user gets, from an engine process. */
async function inEngine(options: EngineOptions, peer: string | undefined, io: Io) {
  const engine = new EngineHost({
    // Beside the bundle of the command line in dist/.
    command: { args: [path.join(import.meta.dirname, 'engine.js')] },
    settings: { ...options, unloadAfterMinutes: 0 },
    log: io.note,
  });
  try {
    io.note('cold start …');
    const coldStarts: number[] = [];
    for (let round = 0; round < ROUNDS; round++) coldStarts.push(await coldStart(engine));
    io.note('completions …');
    const completion = await measureCompletions(engine, ROUNDS);
    const rounds: Round[] = [];
    const peers: PeerResult[][] = [];
    for (let round = 0; round < ROUNDS && !io.signal.aborted; round++) {
      io.note(`decoding, round ${round + 1} of ${ROUNDS} …`);
      rounds.push(await decodeRound(engine));
      if (peer) peers.push(await measurePeer(peer, options.modelDir, rounds[round], io));
    }
    const rows = decodingRows(rounds);
    return {
      completion,
      coldStartMs: Math.min(...coldStarts),
      residentBytes: engine.memory ?? null,
      rows,
      ...(peer ? { against: compareWithPeer(rounds, peers) } : {}),
    };
  } finally {
    await engine.dispose();
  }
}

/** Milliseconds from the start of the process to a loaded model. */
async function coldStart(engine: EngineHost): Promise<number> {
  await engine.unload();
  const start = performance.now();
  await engine.restart();
  if (engine.state.kind === 'error') throw new UserError(engine.state.message);
  return performance.now() - start;
}
