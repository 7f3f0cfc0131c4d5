import type { ServerSettings } from '../protocol.ts';

/** The item that is selected in the editor's suggestion list; a completion has to continue it. */
export interface SelectedSuggestion {
  /** Range that the item replaces, offsets in UTF-16 units. */
  start: number;
  end: number;
  text: string;
}

/** A cursor in a document, and who asks. */
export interface CompletionRequest {
  uri: string;
  languageId: string;
  /** The whole document. */
  text: string;
  /** The cursor in UTF-16 units; one beyond the end stands for the end. */
  offset: number;
  /** Asked for by a key or a command, not by typing: fewer rules hold something back. */
  manual: boolean;
  selected?: SelectedSuggestion;
}

/** The settings that shape one completion. */
export type CompletionSettings = Pick<
  ServerSettings,
  | 'enable'
  | 'languages'
  | 'automatic'
  | 'exclude'
  | 'decode'
  | 'threshold'
  | 'beams'
  | 'maxTokens'
  | 'minConfidence'
  | 'multiline'
  | 'contextTokens'
>;

/** Text that replaces document[start, end); both offsets are on the line of the cursor. */
export interface Completion {
  text: string;
  start: number;
  end: number;
  /** Probability of the first line: the product of its tokens', 0 … 1. */
  confidence: number;
}
