import type { Context } from './context.ts';
import { isExcluded } from './exclude.ts';
import type { CompletionRequest, CompletionSettings } from './request.ts';

/** Documents of people. Others hold output, diffs or commit messages. */
const SCHEMES = ['file', 'untitled', 'vscode-notebook-cell'];

interface Rule {
  reason: string;
  refuses(request: CompletionRequest, context: Context, settings: CompletionSettings): boolean;
}

/** Why a request is answered with nothing before any work is done, the cheapest rule first. */
const RULES: readonly Rule[] = [
  { reason: 'completion is turned off', refuses: (_request, _context, { enable }) => !enable },
  {
    reason: 'completion while typing is turned off',
    refuses: ({ manual }, _context, { automatic }) => !manual && !automatic,
  },
  {
    reason: 'the language is turned off',
    refuses: ({ languageId }, _context, { languages }) => !(languages[languageId] ?? languages['*'] ?? true),
  },
  {
    reason: 'the document is not a file, a new file or a notebook cell',
    refuses: ({ uri }) => !SCHEMES.includes(uri.slice(0, uri.indexOf(':'))),
  },
  {
    reason: 'the file is excluded',
    refuses: ({ uri }, _context, { exclude }) => isExcluded(uri, exclude),
  },
  {
    reason: 'text follows the cursor',
    refuses: ({ manual }, { lineSuffix }) => !manual && lineSuffix !== '',
  },
  {
    reason: 'the document is empty',
    refuses: ({ manual }, { prefix, suffix }) => !manual && (prefix + suffix).trim() === '',
  },
];

/** The reason not to complete here, or undefined. */
export function refusal(
  request: CompletionRequest,
  context: Context,
  settings: CompletionSettings,
): string | undefined {
  return RULES.find((rule) => rule.refuses(request, context, settings))?.reason;
}
