import { type CompletionEngine, complete } from '../../server/completion/completion.ts';
import type { CompletionSettings } from '../../server/completion/request.ts';
import { type CutKind, type InfillItem, isRight, type Missing } from './item.ts';
import { firstLineProbabilities } from './measures.ts';

/** What the editor would have shown at one cursor with the confidence gate open. */
export interface Outcome {
  id: string;
  kind: CutKind;
  missing: Missing;
  /** What the author wrote. */
  rest: string;
  /** The ghost text; null when the other filters leave nothing. */
  shown: string | null;
  right: boolean;
  /** Of the tokens of the answer's first line, 0 … 1. */
  probabilities: number[];
  tokens: number;
  /** All model calls except prefill. */
  forwards: number;
  /** Request to answer, prefill included. */
  milliseconds: number;
}

/** Asks for one completion by the road of the editor, from the document to the filtered text. */
export async function measureItem(
  item: InfillItem,
  settings: CompletionSettings,
  engine: CompletionEngine,
): Promise<Outcome> {
  const request = {
    uri: `file:///suite/${item.file}`,
    languageId: 'python',
    text: item.prefix + item.suffix,
    offset: item.prefix.length,
    manual: false,
  };
  const started = performance.now();
  const { completion, trajectory } = await complete(request, { ...settings, minConfidence: -1 }, engine);
  const milliseconds = performance.now() - started;
  return {
    id: item.id,
    kind: item.kind,
    missing: item.missing,
    rest: item.rest,
    shown: completion?.text ?? null,
    right: completion !== null && isRight(item, completion.text),
    probabilities: trajectory ? firstLineProbabilities(trajectory) : [],
    tokens: trajectory?.responseIds.length ?? 0,
    forwards: trajectory?.forwards.total ?? 0,
    milliseconds,
  };
}
