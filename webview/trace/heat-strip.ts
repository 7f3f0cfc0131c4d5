import { element, svgElement } from '../dom.ts';
import { heatPath, windowMarks } from './heat.ts';
import type { TraceHistory } from './history.ts';

/**
 * A picture of when each token was fixed, with a line at the step that is shown, over a ruler of where windows began. A
 * click goes to a token's step.
 */
export class HeatStrip {
  readonly node: HTMLElement;
  private readonly path = svgElement('path', { class: 'heat-bars' });
  private readonly bars = svgElement('svg', { preserveAspectRatio: 'none' }, this.path);
  private readonly marks = svgElement('path');
  private readonly ruler = svgElement('svg', { class: 'windows', preserveAspectRatio: 'none' }, this.marks);
  /** Beside the bars and not in their picture, which is expensive to paint and would be painted again at every step. */
  private readonly line = element('div', { class: 'heat-line' });
  private fixedAt: (number | undefined)[] = [];
  private steps = 0;

  /** `onStep` gets the number of steps after which a token stands. */
  constructor(onStep: (shown: number) => void) {
    const heat = element('div', { class: 'heat' }, this.bars, this.line);
    this.node = element('div', { class: 'heat-strip', role: 'img' }, heat, this.ruler);
    this.node.addEventListener('click', ({ clientX }) => {
      const { left, width } = this.node.getBoundingClientRect();
      const step = this.fixedAt[Math.floor(((clientX - left) / width) * this.fixedAt.length)];
      if (step !== undefined) onStep(step + 1);
    });
  }

  /** Draws the bars of the first `tokens` positions. */
  layOut(history: TraceHistory, tokens: number): void {
    const { steps } = history;
    this.steps = steps.length;
    this.fixedAt = Array.from({ length: tokens }, (_, position) => history.fixedAt(position));
    const width = Math.max(1, tokens);
    this.bars.setAttribute('viewBox', `0 0 ${width} ${Math.max(1, this.steps)}`);
    this.path.setAttribute('d', heatPath(this.fixedAt, this.steps));
    this.ruler.setAttribute('viewBox', `0 0 ${width} 1`);
    this.marks.setAttribute('d', windowMarks(steps, tokens));
    const windows = new Set(steps.map(({ windowStart }) => windowStart)).size;
    this.node.setAttribute(
      'aria-label',
      `The step, of ${this.steps}, that fixed each of ${tokens} tokens; the window began at ${windows} places`,
    );
  }

  draw(shown: number): void {
    this.line.style.transform = `translateY(${100 - (100 * shown) / Math.max(1, this.steps)}%)`;
  }
}
