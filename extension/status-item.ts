import { Disposable, MarkdownString, StatusBarAlignment, ThemeColor, window, workspace } from 'vscode';
import type { ServerView } from './server-view.ts';
import { currentSettings, languageEnabled } from './settings.ts';
import { type StatusInput, statusText } from './status-view.ts';

/** The one status item. Nothing else writes to it. */
export function createStatusItem(server: ServerView): Disposable {
  const item = window.createStatusBarItem('unmask.status', StatusBarAlignment.Right, 100);
  item.name = 'Unmask';
  item.command = 'unmask.menu';
  // Reading settings is slow, and the state changes with every key.
  let settings = settingsOfStatus();
  const update = () => {
    const { text, tooltip, warning } = statusText({ status: server.status, ...settings });
    item.text = text;
    item.tooltip = new MarkdownString(tooltip);
    item.backgroundColor = warning ? new ThemeColor('statusBarItem.warningBackground') : undefined;
  };
  const reread = () => {
    settings = settingsOfStatus();
    update();
  };
  update();
  item.show();
  return Disposable.from(
    item,
    server.onDidChange(update),
    window.onDidChangeActiveTextEditor(reread),
    // A document whose language is changed is opened anew.
    workspace.onDidOpenTextDocument(reread),
    workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('unmask')) reread();
    }),
  );
}

function settingsOfStatus(): Omit<StatusInput, 'status'> {
  const document = window.activeTextEditor?.document;
  const settings = currentSettings(document);
  return {
    enabled: settings.get<boolean>('enable')!,
    automatic: settings.get<boolean>('automatic')!,
    language: document && { id: document.languageId, enabled: languageEnabled(document) },
  };
}
