/** The status item's text and tooltip as a pure function; without `vscode`, so that it can be tested anywhere. */
import type { ServerState, StatusParams } from '../server/protocol.ts';

export interface StatusInput {
  status: StatusParams;
  /** The settings `enable` and `automatic`, and what `languages` says of the active editor's language. */
  enabled: boolean;
  automatic: boolean;
  /** Undefined without an editor. */
  language?: { id: string; enabled: boolean };
}

export interface StatusText {
  text: string;
  /** Markdown. */
  tooltip: string;
  warning: boolean;
}

const NAME = 'Unmask';

type Kind = ServerState['kind'];
type View<K extends Kind> = (state: Extract<ServerState, { kind: K }>) => {
  icon: string;
  /** Follows the name in the status bar. */
  after?: string;
  line: string;
};

const VIEWS: { [K in Kind]: View<K> } = {
  starting: () => ({ icon: 'loading~spin', line: 'Starting.' }),
  loading: ({ progress, message }) => ({
    icon: 'loading~spin',
    after: `${Math.floor(progress * 100)} %`,
    line: message,
  }),
  ready: () => ({ icon: 'eye', line: 'Ready.' }),
  busy: () => ({ icon: 'loading~spin', line: 'Completing.' }),
  paused: ({ reason }) => ({ icon: 'debug-pause', line: reason }),
  error: ({ message }) => ({ icon: 'warning', line: message }),
};

/** What the status item shows for a state of the server and the settings. */
export function statusText(input: StatusInput): StatusText {
  const { state } = input.status;
  const view = (VIEWS[state.kind] as View<Kind>)(state);
  const off = offReason(input);
  // An error is told even where completion is off: that is how it may have come to be switched off.
  const quiet = off !== undefined && state.kind !== 'error';
  const icon = quiet ? 'eye-closed' : view.icon;
  const after = quiet || view.after === undefined ? '' : ` ${view.after}`;
  const line = quiet ? off : view.line;
  return {
    text: `$(${icon}) ${NAME}${after}`,
    tooltip: [`**${NAME}** · ${escapeMarkdown(line)}`, ...details(input)].join('\n\n'),
    warning: state.kind === 'error',
  };
}

function offReason({ enabled, language }: StatusInput): string | undefined {
  if (!enabled) return 'Completions are turned off.';
  if (language && !language.enabled) return `Completions are turned off for ${language.id}.`;
  return undefined;
}

function details({ status, automatic }: StatusInput): string[] {
  const rows: [string, string | undefined][] = [
    ['Model', status.model],
    ['Device', status.device],
    ['Last completion', number(status.lastLatency, ' ms')],
    ['Speed', number(status.tokensPerSecond, ' tokens/s')],
    ['Answered from cache', number(percent(status.cacheHitRate), ' %')],
    ['Memory', number(status.memory === undefined ? undefined : status.memory / 1e6, ' MB')],
    ['Runs on', status.host || undefined],
    ['Asks', automatic ? undefined : 'only by hand (Alt+\\)'],
  ];
  const known = rows.filter((row): row is [string, string] => row[1] !== undefined);
  if (known.length === 0) return [];
  // A table cell ends at a bar or a line end, wherever it stands.
  const cell = (text: string) => escapeMarkdown(text.replaceAll(/\s+/g, ' '));
  return [`| | |\n|:--|:--|\n${known.map(([name, value]) => `| ${name} | ${cell(value)} |`).join('\n')}`];
}

function percent(share: number | undefined): number | undefined {
  return share === undefined ? undefined : share * 100;
}

function number(value: number | undefined, unit: string): string | undefined {
  return value === undefined ? undefined : `${Math.round(value)}${unit}`;
}

function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]()#+!|<>$~-]/g, '\\$&');
}
