import { decodeChoice } from '../decode/settings.ts';
import type { DecodeSettings } from '../protocol.ts';
import type { Context } from './context.ts';
import type { CompletionSettings } from './request.ts';

/** How far a completion may reach: to the end of the line, or over several lines. */
export type Extent = 'line' | 'block';

/** Ends of a line after which an indented block or the inside of a bracket follows. */
const BLOCK_OPENER = /(?:[:{([]|=>|->|\b(?:do|then|else|begin))\s*$/;

/** Text at which decoding stops. A block may hold no empty line: what comes after one is rarely wanted. */
const STOP_STRINGS: Record<Extent, string[]> = { line: ['\n'], block: ['\n\n'] };

/** Decides whether one line or a block is completed. */
export function chooseExtent(context: Context, multiline: CompletionSettings['multiline']): Extent {
  const followed = context.lineSuffix !== '' || context.closers.trim() !== '';
  if (multiline === 'never' || followed) return 'line';
  if (multiline === 'always') return 'block';
  return context.linePrefix.trim() === '' || BLOCK_OPENER.test(context.linePrefix) ? 'block' : 'line';
}

/**
 * The settings of the decoder for a completion. A line that somebody waits for is worth several beams, where what follows
 * can choose among them.
 */
export function decodeSettings(
  { suffix }: Pick<Context, 'suffix'>,
  extent: Extent,
  manual: boolean,
  settings: CompletionSettings,
): Partial<DecodeSettings> {
  const { decode, threshold, beams, maxTokens } = settings;
  const weighed = manual && extent === 'line' && suffix.trim() !== '' && beams > 1;
  return {
    ...decodeChoice(decode),
    threshold,
    ...(weighed && { beams }),
    maxTokens,
    stopStrings: STOP_STRINGS[extent],
  };
}
