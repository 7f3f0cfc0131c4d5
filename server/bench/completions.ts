import { complete } from '../completion/completion.ts';
import type { Engine } from '../engine/engine.ts';
import { readSettings } from '../settings.ts';
import documents from './documents.json' with { type: 'json' };
import { percentile } from './statistics.ts';

/** Characters typed one after another in every document, each followed by a request. */
const TYPED = 5;

export interface CompletionTimes {
  requests: number;
  /** Request to answer, milliseconds: prompt, engine process, decoding and filters; no debounce, no editor. */
  p50: number;
  p95: number;
}

/** One-line completions while typing in a document that the engine has already seen. */
export async function measureCompletions(engine: Engine, rounds: number): Promise<CompletionTimes> {
  const { settings } = readSettings({});
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const { id, prefix, rest, suffix } of documents) {
      for (let typed = 0; typed <= Math.min(TYPED, rest.length - 1); typed++) {
        const before = prefix + rest.slice(0, typed);
        const request = {
          uri: `file:///bench/${id.split(':')[0]}`,
          languageId: 'python',
          text: before + suffix,
          offset: before.length,
          manual: false,
        };
        const start = performance.now();
        await complete(request, { ...settings, multiline: 'never' }, engine);
        // The first request of a document prefills it.
        if (typed > 0) times.push(performance.now() - start);
      }
    }
  }
  return { requests: times.length, p50: percentile(times, 0.5), p95: percentile(times, 0.95) };
}
