import { Disposable, MarkdownString, StatusBarAlignment, ThemeColor, window, workspace } from 'vscode';
import type { ServerView } from './server-view.ts';
import { currentSettings, languageEnabled } from './settings.ts';
import { statusText } from './status-view.ts';

/** The one status item. Nothing else writes to it. */
export function createStatusItem(server: ServerView): Disposable {
  const item = window.createStatusBarItem('unmask.status', StatusBarAlignment.Right, 100);
  item.name = 'Unmask';
  item.command = 'unmask.menu';
  const update = () => {
    const document = window.activeTextEditor?.document;
    const { text, tooltip, warning } = statusText({
      status: server.status,
      enabled: currentSettings(document).get<boolean>('enable')!,
      automatic: currentSettings(document).get<boolean>('automatic')!,
      language: document && { id: document.languageId, enabled: languageEnabled(document) },
    });
    item.text = text;
    item.tooltip = new MarkdownString(tooltip);
    item.backgroundColor = warning ? new ThemeColor('statusBarItem.warningBackground') : undefined;
  };
  update();
  item.show();
  return Disposable.from(
    item,
    server.onDidChange(update),
    window.onDidChangeActiveTextEditor(update),
    workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('unmask')) update();
    }),
  );
}
