import { element } from '../dom.ts';
import type { TraceView } from './trace-view.ts';
import { stepWords } from './words.ts';

const EMPTY = 'No completion yet: type in an editor and pause.';

/** Says in words where the clock stands, and what went wrong. Read out only when it has come to rest. */
export class StatusLine {
  readonly node: HTMLElement;
  private readonly text = element('p', { class: 'step-words' }, EMPTY);
  private readonly spoken = element('p', { class: 'spoken', 'aria-live': 'polite' });
  private readonly problem = element('p', { class: 'problem', role: 'alert' });

  constructor() {
    this.node = element('div', { class: 'status' }, this.text, this.spoken, this.problem);
  }

  /** `shown`: steps of each trace; `time`: milliseconds of decoding. */
  draw(views: readonly TraceView[], shown: readonly number[], time: number): void {
    const words = views.map(({ history, tokens }, i) => {
      const sentence = stepWords(
        shown[i],
        history.steps.length,
        history.revealedCount(shown[i], tokens),
        tokens,
      );
      return views.length > 1 ? `Trace ${i + 1}: ${sentence}` : sentence;
    });
    this.text.textContent = words.length > 0 ? `${words.join(' · ')} · ${time.toFixed(0)} ms` : EMPTY;
  }

  announce(): void {
    this.spoken.textContent = this.text.textContent;
  }

  setProblem(message: string): void {
    this.problem.textContent = message;
    this.problem.hidden = message === '';
  }
}
