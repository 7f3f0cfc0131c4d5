import { element } from '../dom.ts';
import { printable } from './layout.ts';

/** Text around the response, drawn dimmed. */
export interface Surroundings {
  prefix: string;
  suffix: string;
}

/** Lines of the surroundings that are drawn. */
const LINES_BEFORE = 12;
const LINES_AFTER = 6;

/** Puts the surroundings around the lines of a response: on its first and last line, and above and below them. */
export function surround(rows: HTMLElement[], { prefix, suffix }: Surroundings): HTMLElement[] {
  const before = linesShown(printable(prefix).split('\n'), -LINES_BEFORE);
  const after = linesShown(printable(suffix).split('\n'), LINES_AFTER);
  rows[0].children[0].after(contextText(before.pop() ?? ''));
  rows[rows.length - 1].append(contextText(after.shift() ?? ''));
  return [...before.map(contextLine), ...rows, ...after.map(contextLine)];
}

/** The narrow column left of a line. */
export function ruler(text: string): HTMLElement {
  return element('span', { class: 'ruler', 'aria-hidden': 'true' }, text);
}

/** The first lines, or where `count` is negative the last. */
function linesShown(lines: string[], count: number): string[] {
  if (lines.length <= Math.abs(count)) return lines;
  return count < 0 ? ['…', ...lines.slice(count)] : [...lines.slice(0, count), '…'];
}

function contextText(text: string): HTMLElement {
  return element('span', { class: 'context' }, text);
}

function contextLine(text: string): HTMLElement {
  return element('div', { class: 'line' }, ruler(''), contextText(text));
}
