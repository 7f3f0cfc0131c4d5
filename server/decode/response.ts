import type { StopReason } from '../protocol.ts';
import type { TokenDecoder } from './text.ts';

export interface StopRules {
  stopTokenIds: readonly number[];
  stopStrings: readonly string[];
  /** Whether a line that begins without indentation ends the response; one that closes a bracket does not. */
  stopAtDedent?: boolean;
  maxTokens: number;
  /** Characters at the beginning of the text that were asked for: nothing in them ends the response. */
  beginning?: number;
}

/**
 * The settled part of a response: tokens that can no longer change. It ends with the first stop token (kept in `ids`,
 * without text), with the token that completes the first stop string or begins the first line to stop at (cut from `text`), or at the length limit.
 */
export class Response {
  readonly ids: number[] = [];
  readonly texts: string[] = [];
  text = '';
  stop: StopReason | undefined;
  private readonly rules: StopRules;
  private readonly stream: ReturnType<TokenDecoder['stream']>;

  constructor(tokenizer: TokenDecoder, rules: StopRules) {
    this.rules = rules;
    this.stream = tokenizer.stream();
  }

  /** Appends tokens up to the one that ends the response; returns true when it has ended. */
  settle(ids: readonly number[]): boolean {
    for (const id of ids) {
      this.stop = this.append(id);
      if (this.stop) return true;
    }
    return false;
  }

  private append(id: number): StopReason | undefined {
    this.ids.push(id);
    if (this.rules.stopTokenIds.includes(id)) {
      this.texts.push('');
      return 'token';
    }
    const searched = this.text.length;
    const piece = this.stream.push(id);
    this.texts.push(piece);
    this.text += piece;
    const cut = this.findEnd(searched);
    if (cut !== undefined) {
      this.text = this.text.slice(0, cut);
      return 'string';
    }
    return this.ids.length === this.rules.maxTokens ? 'length' : undefined;
  }

  /** Where the text ends, if what makes it end came after `searched`. */
  private findEnd(searched: number): number | undefined {
    const { stopStrings, stopAtDedent, beginning = 0 } = this.rules;
    const starts = stopStrings.map((stop) =>
      this.text.indexOf(stop, Math.max(beginning, searched - stop.length + 1)),
    );
    if (stopAtDedent) starts.push(findDedent(this.text, Math.max(beginning, searched - 1)));
    const found = starts.filter((start) => start >= 0);
    return found.length > 0 ? Math.min(...found) : undefined;
  }
}

function findDedent(text: string, from: number): number {
  const at = text.slice(from).search(/\n[^\s)\]}]/);
  return at < 0 ? at : from + at;
}
