/** What decoding needs of a tokenizer. */
export interface TokenDecoder {
  /** One token as a person reads it. */
  tokenText(id: number): string;
  /** Text of a growing response; a character cut by a token border comes with its last byte. */
  stream(): { push(id: number): string };
}
