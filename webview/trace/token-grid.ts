import type { Reveal } from '../../server/protocol.ts';
import { element } from '../dom.ts';
import { type Cell, TraceHistory } from './history.ts';
import type { KeyAction } from './keys.ts';
import { layOut, onOneLine, type Part, printable, tokenText } from './layout.ts';
import { onScreen } from './on-screen.ts';
import { ruler, type Surroundings, surround } from './surroundings.ts';
import { cellWords } from './words.ts';

/** A token as the response has it in the end. */
export interface FinalToken {
  /** Undefined where none stands. */
  id?: number;
  text: string;
}

interface DrawnCell {
  id: number | undefined;
  parts: HTMLElement[];
  /** Text of each part as the response has it in the end. */
  texts: string[];
  line: number;
  /** What is on the screen now, as one string to compare. */
  drawn: string;
  /** The one that its bar shows. */
  confidence?: number;
}

/**
 * The response laid out as code, one cell a token. A masked cell keeps the room of the token that will stand there, so
 * nothing moves while one steps. Only cells that differ from what is drawn are touched, and while the clock moves only
 * those on the screen.
 */
export class TokenGrid {
  readonly node = element('div', { class: 'tokens', role: 'listbox', 'aria-orientation': 'horizontal' });
  private readonly onInspect: (position: number) => void;
  private cells: DrawnCell[] = [];
  private rows: HTMLElement[] = [];
  /** Positions of the tokens that begin on each row. */
  private lines: number[][] = [];
  private history = new TraceHistory();
  private shown = 0;
  private focused = 0;
  private readonly untold = new Map<number, Cell>();

  /** `onInspect` is called for the token that the pointer or the focus is on. */
  constructor(name: string, onInspect: (position: number) => void) {
    this.onInspect = onInspect;
    this.node.setAttribute('aria-label', `Tokens of ${name}`);
    this.node.addEventListener('focusin', ({ target }) => this.inspect(target, true));
    this.node.addEventListener('pointerover', ({ target }) => this.inspect(target, false));
  }

  /** Builds the cells, all still absent. */
  layOut(tokens: readonly FinalToken[], surroundings: Surroundings): void {
    this.untold.clear();
    this.cells = tokens.map(({ id }) => ({ id, parts: [], texts: [], line: 0, drawn: '' }));
    const lines = layOut(tokens.map(({ text }) => printable(text)));
    this.lines = lines.map((parts) => parts.filter(({ first }) => first).map(({ position }) => position));
    this.rows = lines.map((parts, number) => this.line(parts, number));
    this.node.replaceChildren(...surround(this.rows, surroundings));
    this.focused = Math.min(this.focused, Math.max(0, this.cells.length - 1));
    this.setTabStop(this.focused);
  }

  /** Goes to the state after so many steps, and draws as much of it as can be seen. */
  draw(history: TraceHistory, shown: number): void {
    this.history = history;
    this.shown = shown;
    this.drawOnScreen();
  }

  /** Draws what has come into sight since the state was drawn. */
  drawOnScreen(): void {
    const [first, end] = onScreen(this.rows);
    for (const positions of this.lines.slice(first, end)) this.drawCells(positions);
  }

  /** Draws the rest, and brings the words of the cells up to date: for when the clock stands and somebody may read. */
  tell(): void {
    for (const positions of this.lines) this.drawCells(positions);
    for (const [position, cell] of this.untold) {
      this.cells[position].parts[0].setAttribute('aria-label', cellWords(position, cell));
    }
    this.untold.clear();
  }

  /** Moves the focus as the key says; false when the key is for somebody else. */
  move(action: KeyAction): boolean {
    const target = this.target(action);
    if (target === undefined) return false;
    this.setTabStop(target);
    this.cells[target]?.parts[0].focus();
    return true;
  }

  /** The position of the cell that an event came from. */
  positionOf(target: EventTarget | null): number | undefined {
    const cell = target instanceof HTMLElement ? target.closest<HTMLElement>('.token') : null;
    return cell ? Number(cell.dataset.position) : undefined;
  }

  /** With the window of the last step. */
  private drawCells(positions: readonly number[]): void {
    const step = this.history.steps[this.shown - 1];
    const [start, end] = step ? [step.windowStart, step.windowStart + step.window.length] : [0, 0];
    for (const position of positions) {
      const cell = this.history.cell(position, this.shown);
      const inWindow = cell.state !== 'absent' && position >= start && position < end;
      this.drawCell(position, cell, inWindow, position === Math.max(0, start));
    }
  }

  private drawCell(position: number, cell: Cell, inWindow: boolean, windowStart: boolean): void {
    const drawnCell = this.cells[position];
    const { state, reveal } = cell;
    const name = `token ${state}${inWindow ? ' in-window' : ''}${inWindow && windowStart ? ' window-start' : ''}`;
    const drawn = `${name} ${reveal?.id ?? ''} ${reveal?.confidence ?? ''}`;
    if (drawnCell.drawn === drawn) return;
    drawnCell.drawn = drawn;
    const { parts } = drawnCell;
    for (const [i, part] of parts.entries()) {
      part.className = part.dataset.breaks ? `${name} breaks` : name;
      const wanted = partText(drawnCell, i, reveal);
      if (part.textContent !== wanted) part.textContent = wanted;
    }
    if (reveal && reveal.confidence !== drawnCell.confidence) {
      drawnCell.confidence = reveal.confidence;
      parts[0].style.setProperty('--confidence', String(reveal.confidence));
    }
    this.untold.set(position, cell);
  }

  private line(parts: Part[], number: number): HTMLElement {
    const first = parts.find((part) => part.first && this.cells[part.position].id !== undefined);
    return element(
      'div',
      { class: 'line', role: 'group' },
      ruler(first ? String(first.position + 1) : ''),
      ...parts.map((part) => this.part(part, number)),
    );
  }

  private part({ position, text, first, breaks }: Part, line: number): HTMLElement {
    const node = element('span', {
      class: 'token absent',
      'data-position': String(position),
      'data-breaks': breaks && 'yes',
      ...(first
        ? { role: 'option', tabindex: '-1', 'aria-selected': 'false', 'aria-label': `Token ${position + 1}` }
        : { 'aria-hidden': 'true' }),
    });
    node.textContent = text;
    const cell = this.cells[position];
    if (first) cell.line = line;
    cell.parts.push(node);
    cell.texts.push(text);
    return node;
  }

  private target(action: KeyAction): number | undefined {
    // Cells that the window has not reached yet are not visited.
    const last = Math.max(
      0,
      this.cells.findLastIndex(({ drawn }) => !drawn.includes('absent')),
    );
    const { line } = this.cells[this.focused] ?? { line: 0 };
    const column = this.lines[line]?.indexOf(this.focused) ?? 0;
    const inLine = (to: number[] | undefined) => to?.[Math.min(column, to.length - 1)];
    switch (action) {
      case 'tokenLeft':
        return Math.max(0, this.focused - 1);
      case 'tokenRight':
        return Math.min(last, this.focused + 1);
      case 'tokenFirst':
        return 0;
      case 'tokenLast':
        return last;
      case 'tokenUp':
        return inLine(this.lines.slice(0, line).findLast((each) => each.length > 0)) ?? this.focused;
      case 'tokenDown':
        return inLine(this.lines.slice(line + 1).find((each) => each.length > 0)) ?? this.focused;
      default:
        return undefined;
    }
  }

  private inspect(target: EventTarget | null, focus: boolean): void {
    const position = this.positionOf(target);
    if (position === undefined) return;
    if (focus) this.setTabStop(position);
    this.onInspect(position);
  }

  private setTabStop(position: number): void {
    const mark = (at: number, on: boolean) => {
      const part = this.cells[at]?.parts[0];
      part?.setAttribute('tabindex', on ? '0' : '-1');
      part?.setAttribute('aria-selected', String(on));
    };
    mark(this.focused, false);
    this.focused = position;
    mark(position, true);
  }
}

/** What a part of a cell shows: the text of the token that stands there, or as much room as the final one needs. */
function partText({ id, texts }: DrawnCell, part: number, reveal: Reveal | undefined): string {
  if (!reveal) return texts[part].replace(/[^\t]/gu, ' ');
  // The text of a token can depend on those before it, so the final token is drawn as the response has it.
  if (reveal.id === id) return texts[part];
  return part === 0 ? onOneLine(tokenText(reveal.text, reveal.id)) : '';
}
