/** A piece of a token that stands on one line. */
export interface Part {
  position: number;
  text: string;
  /** The token's first part, which stands for the whole token. */
  first: boolean;
  /** The line ends here because of the token. */
  breaks: boolean;
}

/** Lays tokens out as the code they are: a list of lines. The text of a token may hold any number of line feeds. */
export function layOut(texts: readonly string[]): Part[][] {
  const lines: Part[][] = [[]];
  for (const [position, text] of texts.entries()) {
    const pieces = text.split('\n');
    for (const [i, piece] of pieces.entries()) {
      const breaks = i < pieces.length - 1;
      if (i > 0) lines.push([]);
      // Nothing stands behind a token's last line feed.
      if (piece === '' && !breaks && i > 0) continue;
      lines[lines.length - 1].push({ position, text: piece, first: i === 0, breaks });
    }
  }
  return lines;
}

/** Without the characters that would change how the text around them is drawn; tabs and line feeds stay. */
export function printable(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, (character) =>
      character === '\n' || character === '\t' ? character : symbolOf(character),
    );
}

/** The same on one line, with marks for tabs and line feeds. */
export function onOneLine(text: string): string {
  return printable(text).replaceAll('\n', '⏎').replaceAll('\t', '⇥');
}

/** What is shown of a token; one without text has its id. */
export function tokenText(text: string, id: number): string {
  return text === '' ? `⟨${id}⟩` : text;
}

function symbolOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x20 ? String.fromCodePoint(0x2400 + code) : '\ufffd';
}
