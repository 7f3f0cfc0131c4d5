import { type Position as EditorPosition, Range as EditorRange } from 'vscode';
import type { Position, Range } from 'vscode-languageserver';

/** The editor's position as the protocol has it; both count UTF-16 units. */
export function positionOf({ line, character }: EditorPosition): Position {
  return { line, character };
}

export function rangeOf({ start, end }: EditorRange): Range {
  return { start: positionOf(start), end: positionOf(end) };
}

export function editorRange({ start, end }: Range): EditorRange {
  return new EditorRange(start.line, start.character, end.line, end.character);
}
