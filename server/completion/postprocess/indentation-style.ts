import type { Context } from '../context.ts';
import { leadingWhitespace } from './lines.ts';

/** How a document indents: one level is `unit`, a tab is as wide as `width` columns. */
export interface IndentationStyle {
  unit: string;
  width: number;
}

const DEFAULT: IndentationStyle = { unit: '    ', width: 4 };
const TABS: IndentationStyle = { unit: '\t', width: 4 };
const WIDTHS = [1, 2, 3, 4, 8];

/** Read off the lines around the cursor, or off the completion where none of them is indented. */
export function inferIndentation({ prefix, suffix }: Context, completion: string): IndentationStyle {
  const documents = inferFrom(`${prefix}\n${suffix}`);
  if (documents) return documents;
  // Nobody begins a document with one-space indentation, but models that learned from such text do.
  const models = inferFrom(completion);
  return models && models.width > 1 ? models : DEFAULT;
}

/** Tabs if most indented lines begin with one, else the commonest step in; undefined without indentation. */
function inferFrom(text: string): IndentationStyle | undefined {
  // Lines of a block comment stand one column further in than their block.
  const lines = text.split('\n').filter((line) => !/^\s*(\*.*)?$/.test(line));
  const indents = lines.map(leadingWhitespace);
  const indented = indents.filter((indent) => indent !== '');
  if (indented.length === 0) return undefined;
  const tabbed = indented.filter((indent) => indent.startsWith('\t'));
  if (tabbed.length * 2 > indented.length) return TABS;
  const steps = new Map<number, number>();
  for (let i = 1; i < indents.length; i++) {
    const step = indents[i].length - indents[i - 1].length;
    if (WIDTHS.includes(step)) steps.set(step, (steps.get(step) ?? 0) + 1);
  }
  const [commonest] = [...steps].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  const width = commonest?.[0] ?? Math.min(...indented.map((indent) => indent.length));
  return WIDTHS.includes(width) ? { unit: ' '.repeat(width), width } : undefined;
}

/** Columns that white space covers. */
export function columns(whitespace: string, { width }: IndentationStyle): number {
  let column = 0;
  for (const character of whitespace) column += character === '\t' ? width - (column % width) : 1;
  return column;
}

/** White space of at least `column` columns in the document's style. */
export function whitespaceOf(column: number, { unit, width }: IndentationStyle): string {
  return unit === '\t' ? '\t'.repeat(Math.round(column / width)) : ' '.repeat(column);
}
