import { partPrefix } from '../engine/beginning.ts';
import type { Step } from '../protocol.ts';
import type { Task } from './completion.ts';

/** A change of a document: [start, end) of the text before it, in UTF-16 units, became `text`. */
export interface DocumentChange {
  start: number;
  end: number;
  text: string;
}

/**
 * A request the model works on. While the user types what it is about to say it goes on, even though the editor has
 * cancelled the request that started it: the next request takes over.
 */
export class InFlight {
  readonly uri: string;
  readonly task: Task;
  /** Resolves when the answer is in the cache, or there is none. Never rejects. */
  readonly done: Promise<void>;
  private readonly controller = new AbortController();
  private readonly texts = new Map<number, string>();
  private settled = 0;
  private typed = '';
  private diverged = false;

  constructor(uri: string, task: Task, run: (flight: InFlight) => Promise<void>) {
    this.uri = uri;
    this.task = task;
    this.done = run(this);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  abort(): void {
    this.controller.abort();
  }

  /** Learns more of the answer, and ends the request once that is not what was typed. */
  onStep(step: Step): void {
    for (const { position, text } of step.revealed) this.texts.set(position, text);
    this.settled = step.settled;
    if (this.typed !== '' && !this.typedAlong) this.abort();
  }

  /** Follows what happens to the document. */
  onChange({ start, end, text }: DocumentChange): void {
    const { context } = this.task;
    const cursor = context.end + this.typed.length;
    const deletesTyped = text === '' && end === cursor && start >= context.end;
    if (context.selectedText !== '') this.diverged = true;
    else if (start === cursor && end === cursor) this.typed += text;
    else if (deletesTyped) this.typed = this.typed.slice(0, start - context.end);
    else this.diverged = true;
  }

  /** The user types what the model says, as far as both are known. */
  get typedAlong(): boolean {
    return !this.diverged && this.typed !== '' && this.matches(this.typed.replaceAll('\r\n', '\n'));
  }

  /** Whether the answer, as far as it is known, will serve `task`. */
  serves(task: Task): boolean {
    const { context, manual } = this.task;
    if (this.signal.aborted || context.suffix !== task.context.suffix || (task.manual && !manual))
      return false;
    if (!task.context.prefix.startsWith(context.prefix)) return false;
    return this.matches(task.context.prefix.slice(context.prefix.length));
  }

  private matches(typed: string): boolean {
    const known = this.knownText();
    return known.startsWith(typed) || typed.startsWith(known);
  }

  private knownText(): string {
    let text = '';
    for (let position = 0; position < this.settled; position++) text += this.texts.get(position) ?? '';
    const { beginning } = partPrefix(this.task.context.prefix);
    if (beginning.startsWith(text)) return '';
    // Not every model can be told how to begin.
    return text.startsWith(beginning) ? text.slice(beginning.length) : text;
  }
}
