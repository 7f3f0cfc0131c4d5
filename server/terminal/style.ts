/** How a terminal is written to. */
export interface TerminalStyle {
  colour: boolean;
  columns: number;
}

const PLAIN_COLUMNS = 100;

/** Colours only on a terminal that has not been asked to do without (https://no-color.org). */
export function terminalStyle(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): TerminalStyle {
  return { colour: stream.isTTY === true && !env.NO_COLOR, columns: stream.columns ?? PLAIN_COLUMNS };
}

/** The text on one line, with no character that a terminal would obey. */
export function visible(text: string): string {
  return text
    .replaceAll('\r\n', '⏎')
    .replaceAll('\n', '⏎')
    .replaceAll('\t', '⇥')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, (character) => {
      const code = character.codePointAt(0) ?? 0;
      return code < 0x20 ? String.fromCodePoint(0x2400 + code) : '\ufffd';
    });
}
