/** What decoding needs of a tokenizer. */
export interface TokenDecoder {
  /** Text of tokens; bytes that are no complete UTF-8 character become U+FFFD. */
  decode(ids: readonly number[]): string;
}

const INCOMPLETE = '\uFFFD';

/** Turns tokens into text one by one. Bytes of a character cut by a token border wait for the rest of it. */
export class TextBuilder {
  private readonly tokenizer: TokenDecoder;
  private readonly ids: number[] = [];
  /** Tokens from here on are decoded together: one complete token of context keeps its leading space right. */
  private contextStart = 0;
  private textStart = 0;

  constructor(tokenizer: TokenDecoder) {
    this.tokenizer = tokenizer;
  }

  /** The text that this token completes; empty while a character is incomplete. */
  push(id: number): string {
    this.ids.push(id);
    const context = this.tokenizer.decode(this.ids.slice(this.contextStart, this.textStart));
    const text = this.tokenizer.decode(this.ids.slice(this.contextStart));
    const waiting = this.ids.length - this.textStart;
    // A UTF-8 character has at most four bytes, so a longer wait is for bytes that will never make one.
    if (text.endsWith(INCOMPLETE) && waiting < 4) return '';
    this.contextStart = this.textStart;
    this.textStart = this.ids.length;
    return text.slice(context.length);
  }
}
