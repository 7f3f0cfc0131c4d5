import type { Answer, Task } from './completion.ts';

const CAPACITY = 100;

interface Entry {
  prefix: string;
  suffix: string;
  manual: boolean;
  /** Null: the model was asked here, and nothing of its answer was worth showing. */
  answer: Answer | null;
  id: string;
}

/** An earlier answer that still holds, without what was typed of it since. */
export interface CacheHit {
  answer: Answer | null;
  /** Stays the same while the user types along. */
  id: string;
}

/**
 * Answers of the model by the place they were given for, the least recently used forgotten first. One serves every
 * place that is reached from its own by typing a beginning of its text. Few and cheaply compared, so they are searched
 * one by one.
 */
export class CompletionCache {
  private entries: Entry[] = [];
  private nextId = 1;

  /** Keeps an answer and returns its id. */
  store({ context: { prefix, suffix }, manual }: Task, answer: Answer | null): string {
    const id = String(this.nextId++);
    const others = this.entries.filter(
      (entry) => entry.prefix !== prefix || entry.suffix !== suffix || entry.manual !== manual,
    );
    this.entries = [{ prefix, suffix, manual, answer, id }, ...others].slice(0, CAPACITY);
    return id;
  }

  /** The latest answer that holds for a task, or undefined. What somebody asked for by hand also serves typing. */
  find({ context: { prefix, suffix }, manual }: Task): CacheHit | undefined {
    for (const entry of this.entries) {
      if (entry.suffix !== suffix || (manual && !entry.manual) || !prefix.startsWith(entry.prefix)) continue;
      const typed = prefix.slice(entry.prefix.length);
      const answer = entry.answer && remainder(entry.answer, typed);
      if (answer === undefined || (answer === null && typed !== '')) continue;
      this.entries = [entry, ...this.entries.filter((other) => other !== entry)];
      return { answer, id: entry.id };
    }
    return undefined;
  }

  clear(): void {
    this.entries = [];
  }
}

/** What is left of an answer after `typed`, or undefined where it says something else. */
function remainder(answer: Answer, typed: string): Answer | undefined {
  const { text } = answer.draft;
  if (!text.startsWith(typed) || text.length === typed.length) return undefined;
  return { ...answer, draft: { ...answer.draft, text: text.slice(typed.length) } };
}
