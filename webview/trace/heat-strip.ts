import { element, svgElement } from '../dom.ts';
import { heatPath } from './heat.ts';
import type { TraceHistory } from './history.ts';

/** A picture of when each token was fixed, with a line at the step that is shown. A click goes to a token's step. */
export class HeatStrip {
  readonly node: HTMLElement;
  private readonly path = svgElement('path', { class: 'heat-bars' });
  private readonly bars = svgElement('svg', { preserveAspectRatio: 'none' }, this.path);
  /** Beside the bars and not in their picture, which is expensive to paint and would be painted again at every step. */
  private readonly line = element('div', { class: 'heat-line' });
  private fixedAt: (number | undefined)[] = [];
  private steps = 0;

  /** `onStep` gets the number of steps after which a token stands. */
  constructor(onStep: (shown: number) => void) {
    this.node = element('div', { class: 'heat', role: 'img' }, this.bars, this.line);
    this.node.addEventListener('click', ({ clientX }) => {
      const { left, width } = this.node.getBoundingClientRect();
      const step = this.fixedAt[Math.floor(((clientX - left) / width) * this.fixedAt.length)];
      if (step !== undefined) onStep(step + 1);
    });
  }

  /** Draws the bars of the first `tokens` positions. */
  layOut(history: TraceHistory, tokens: number): void {
    this.steps = history.steps.length;
    this.fixedAt = Array.from({ length: tokens }, (_, position) => history.fixedAt(position));
    this.bars.setAttribute('viewBox', `0 0 ${Math.max(1, tokens)} ${Math.max(1, this.steps)}`);
    this.node.setAttribute('aria-label', `The step, of ${this.steps}, that fixed each of ${tokens} tokens`);
    this.path.setAttribute('d', heatPath(this.fixedAt, this.steps));
  }

  draw(shown: number): void {
    this.line.style.transform = `translateY(${100 - (100 * shown) / Math.max(1, this.steps)}%)`;
  }
}
