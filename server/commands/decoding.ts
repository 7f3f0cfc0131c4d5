import type { EngineHooks, EngineRequest } from '../engine/engine.ts';
import { loadModel } from '../engine/load.ts';
import { WarmModel } from '../engine/warm-model.ts';
import { replaceFile } from '../files.ts';
import type { Step, Trajectory } from '../protocol.ts';
import { LEGEND, UnmaskingView } from '../terminal/render.ts';
import { terminalStyle } from '../terminal/style.ts';
import { summary } from '../terminal/summary.ts';
import type { Io } from './command.ts';
import type { DecodeOptions } from './decode-options.ts';

/** Best tokens recorded with every token of a trace. */
const TRACE_CANDIDATES = 5;

/** Loads the model in this process and decodes one request as the options of the command line say. */
export async function decodeOnce(
  request: EngineRequest,
  { engine, settings, trace, show }: DecodeOptions,
  io: Io,
  hooks: EngineHooks = {},
): Promise<Trajectory> {
  const model = await WarmModel.open(loadModel, engine);
  try {
    const view = show ? viewer(io) : undefined;
    // A threshold that was meant for another mode does not fit this one.
    const defaults =
      settings.mode === undefined ? request.settings : { ...request.settings, threshold: undefined };
    const trajectory = await model.complete(
      {
        ...request,
        settings: { ...defaults, ...settings },
        // What was asked for is done or refused.
        adapt: settings.mode === undefined && request.adapt,
        candidates: trace === undefined ? request.candidates : TRACE_CANDIDATES,
      },
      {
        cancelled: () => io.signal.aborted,
        onStep: (step) => {
          view?.(step);
          hooks.onStep?.(step);
        },
      },
    );
    if (trace !== undefined) await replaceFile(trace, `${JSON.stringify(trajectory)}\n`);
    io.note(summary(trajectory));
    return trajectory;
  } finally {
    await model.release();
  }
}

/** The fields of a decoding that stay the same from version to version. */
export function decodingFields(trajectory: Trajectory) {
  const { text, responseIds, forwards, tpf, ms, stop, settings, rollbacks, model, device } = trajectory;
  return {
    text,
    tokens: responseIds.length,
    forwards,
    tpf,
    ms,
    stop,
    decode: settings.mode,
    rollbacks,
    model,
    device,
  };
}

function viewer(io: Io): (step: Step) => void {
  const view = new UnmaskingView(terminalStyle(process.stderr, process.env));
  io.note(LEGEND);
  return (step) => io.note(view.line(step));
}
