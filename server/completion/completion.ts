import { partPrefix } from '../engine/beginning.ts';
import type { Engine, EngineHooks, EngineRequest } from '../engine/engine.ts';
import type { Trajectory } from '../protocol.ts';
import { draftOf, firstLineConfidence } from './answer.ts';
import { type Context, takeContext } from './context.ts';
import { chooseExtent, decodeSettings, type Extent } from './plan.ts';
import type { Draft, Situation } from './postprocess/filter.ts';
import { fitToCursor, polishAnswer } from './postprocess/index.ts';
import { refusal } from './prefilter.ts';
import type { Completion, CompletionRequest, CompletionSettings } from './request.ts';

/** What completes: the engine process, or a model loaded in this one. */
export type CompletionEngine = Pick<Engine, 'complete'>;

/** A request that passed the prefilter, with all that is decided before the model is asked. */
export interface Task {
  context: Context;
  extent: Extent;
  manual: boolean;
  settings: CompletionSettings;
}

/** The model's answer after all filters that do not depend on how much of it was typed since. */
export interface Answer {
  draft: Draft;
  /** Confidence of the first line, 0 … 1. */
  confidence: number;
}

export interface CompletionOutcome {
  completion: Completion | null;
  /** Why there is no completion: a sentence's end, such as `the language is turned off`. */
  reason?: string;
  /** What the model did; null where it was not asked or did not answer. */
  trajectory: Trajectory | null;
  /** Confidence of the first line of the model's answer, 0 … 1, whether or not it is shown. */
  confidence: number;
}

/** The whole road from a cursor to a completion, without anything that is kept between requests. */
export async function complete(
  request: CompletionRequest,
  settings: CompletionSettings,
  engine: CompletionEngine,
  hooks: EngineHooks & { candidates?: number } = {},
): Promise<CompletionOutcome> {
  const task = prepare(request, settings);
  if (typeof task === 'string') {
    return { completion: null, reason: task, trajectory: null, confidence: Number.NaN };
  }
  const trajectory = await engine.complete(engineRequest(task, hooks.candidates ?? 0), hooks);
  if (!trajectory) {
    return { completion: null, reason: 'the model did not answer', trajectory, confidence: Number.NaN };
  }
  const answer = polish(task, trajectory);
  const completion = answer && present(task, answer);
  return {
    completion,
    ...(completion ? {} : { reason: 'nothing of the answer is worth showing' }),
    trajectory,
    confidence: firstLineConfidence(draftOf(trajectory)),
  };
}

/** Decides everything before the model is asked; a string is the reason to answer nothing. */
export function prepare(request: CompletionRequest, settings: CompletionSettings): Task | string {
  const context = takeContext(request);
  const extent = chooseExtent(context, settings.multiline);
  return (
    refusal(request, context, settings) ?? {
      context,
      extent,
      manual: request.manual,
      settings,
    }
  );
}

/** The request to the engine. */
export function engineRequest(task: Task, candidates: number): EngineRequest {
  const { context, extent, manual, settings } = task;
  return {
    prompt: {
      ...partPrefix(context.prefix),
      suffix: context.suffix,
      fim: true,
      budget: settings.contextTokens,
    },
    settings: decodeSettings(context, extent, manual, settings),
    adapt: true,
    candidates,
  };
}

/** Filters what does not depend on the exact cursor; null: nothing worth showing. */
export function polish(task: Task, trajectory: Trajectory): Answer | null {
  const raw = draftOf(trajectory);
  const draft = polishAnswer(raw, situationOf(task, trajectory.stop === 'length'));
  return draft && { draft, confidence: firstLineConfidence(raw) };
}

/** The answer, or what is left of it, as an edit of the document; null: nothing is left. */
export function present(task: Task, { draft, confidence }: Answer): Completion | null {
  const fitted = fitToCursor(draft, situationOf(task, false));
  if (!fitted) return null;
  const { start, end, selectedText } = task.context;
  return { text: selectedText + fitted.text, start, end: end + fitted.replaced, confidence };
}

function situationOf({ context, extent, manual, settings }: Task, cutOff: boolean): Situation {
  return { context, extent, manual, minConfidence: settings.minConfidence, cutOff };
}
