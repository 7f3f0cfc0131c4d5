/** The words, numbers and single marks of a text; space between them does not count. */
export function lexemes(text: string): string[] {
  return text.match(/[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? [];
}
