import type { EnginePrompt, Step, Trajectory } from '../../server/protocol.ts';
import { element } from '../dom.ts';
import { HeatStrip } from './heat-strip.ts';
import { TraceHistory } from './history.ts';
import { tokenText } from './layout.ts';
import { TokenDetails } from './token-details.ts';
import { type FinalToken, TokenGrid } from './token-grid.ts';
import { figures } from './words.ts';

export interface TraceViewHooks {
  /** The user wants to see this trace after so many steps. */
  onSeek(shown: number): void;
}

/** One trace on the page: its figures, its tokens, its heat strip, and what is known of one token. */
export class TraceView {
  readonly node: HTMLElement;
  readonly name: string;
  readonly grid: TokenGrid;
  /** Tokens of the response, as far as it is known. */
  tokens = 0;
  history = new TraceHistory();
  private readonly figures = element('dl', { class: 'figures' });
  private readonly heat: HeatStrip;
  private readonly details: TokenDetails;
  private inspected: number | undefined;
  private surroundings = { prefix: '', suffix: '' };

  constructor(name: string, { onSeek }: TraceViewHooks) {
    this.name = name;
    this.details = new TokenDetails(name);
    this.heat = new HeatStrip(onSeek);
    this.grid = new TokenGrid(name, (position) => this.inspect(position));
    this.node = element(
      'article',
      { class: 'trace', 'aria-label': name },
      element('h2', {}, name),
      this.figures,
      this.heat.node,
      this.grid.node,
      this.details.node,
    );
  }

  /** Shows a finished trace. */
  setTrajectory(trajectory: Trajectory): void {
    const { steps, responseIds, responseTexts, prompt } = trajectory;
    this.history = new TraceHistory(steps, responseIds.length);
    this.surroundings = prompt ?? { prefix: '', suffix: '' };
    this.setFigures(figures(trajectory));
    this.layOut(
      responseIds.map((id, i) => ({
        id,
        text: tokenText(responseTexts[i] || (this.history.lastReveal(i)?.text ?? ''), id),
      })),
      responseIds.length,
    );
  }

  /** Empties the view for a completion that is being written. */
  begin({ prefix, suffix }: EnginePrompt): void {
    this.history = new TraceHistory();
    this.surroundings = { prefix, suffix };
    this.append([]);
  }

  /** Adds the steps that have arrived since the last call. */
  append(steps: readonly Step[]): void {
    for (const step of steps) this.history.append(step);
    const { settled, index } = this.history.steps.at(-1) ?? { settled: 0, index: -1 };
    this.setFigures([
      ['Tokens', `${settled}`],
      ['Forwards', `${index + 1}`],
    ]);
    const tokens = Array.from({ length: this.history.length }, (_, position) => {
      const last = this.history.lastReveal(position);
      return last ? { id: last.id, text: tokenText(last.text, last.id) } : UNKNOWN;
    });
    this.layOut(tokens, this.history.length);
  }

  draw(shown: number): void {
    this.grid.draw(this.history, shown);
    this.heat.draw(shown);
  }

  private layOut(tokens: FinalToken[], count: number): void {
    this.tokens = count;
    // Proposals that never became part of the response stand behind it while the window holds them.
    const beyond = Math.max(0, this.history.length - tokens.length);
    this.grid.layOut([...tokens, ...Array<FinalToken>(beyond).fill(UNKNOWN)], this.surroundings);
    this.heat.layOut(this.history, count);
    if (this.inspected !== undefined && this.inspected < this.history.length) this.inspect(this.inspected);
  }

  private inspect(position: number): void {
    this.inspected = position;
    this.details.show(this.history, position);
  }

  private setFigures(list: [string, string][]): void {
    this.figures.replaceChildren(
      ...list.map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value))),
    );
  }
}

/** The room of a masked token whose text is not known yet. */
const UNKNOWN: FinalToken = { text: '····' };
