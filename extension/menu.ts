import { commands, type QuickPickItem, QuickPickItemKind, window } from 'vscode';
import type { App } from './app.ts';
import { currentSettings, languageEnabled } from './settings.ts';

interface MenuItem extends QuickPickItem {
  command?: string;
  argument?: string;
}

/** The menu behind the status item: every entry is a command of the palette, worded for the present state. */
export async function showMenu(app: App): Promise<void> {
  const picked = await window.showQuickPick(menuItems(app), { title: 'Unmask' });
  if (picked?.command) await commands.executeCommand(picked.command, picked.argument);
}

function menuItems({ server, snooze }: App): MenuItem[] {
  const document = window.activeTextEditor?.document;
  const settings = currentSettings(document);
  const language: MenuItem[] = document
    ? [
        {
          label: languageEnabled(document)
            ? `$(circle-slash) Turn off for ${document.languageId}`
            : `$(check) Turn on for ${document.languageId}`,
          command: 'unmask.toggleLanguage',
        },
      ]
    : [];
  const { lastLatency, device, model } = server.status;
  return [
    {
      label: settings.get<boolean>('enable') ? '$(eye-closed) Turn off' : '$(eye) Turn on',
      command: 'unmask.toggle',
    },
    ...language,
    {
      label: settings.get<boolean>('automatic') ? '$(keyboard) Only when asked' : '$(keyboard) While typing',
      description: 'Alt+\\ asks',
      command: 'unmask.toggleAutomatic',
    },
    {
      label: snooze.active ? '$(bell) End snooze' : '$(bell-slash) Snooze for 5 minutes',
      command: 'unmask.snooze',
    },
    { label: 'Engine', kind: QuickPickItemKind.Separator },
    {
      label: '$(debug-restart) Restart engine',
      description: [
        device,
        lastLatency === undefined ? undefined : `last completion ${Math.round(lastLatency)} ms`,
      ]
        .filter((part) => part !== undefined)
        .join(' · '),
      command: 'unmask.restartEngine',
    },
    { label: '$(eye) Show how the last completion was written', command: 'unmask.showLastTrace' },
    { label: '$(symbol-misc) Choose a model', description: model, command: 'unmask.chooseModel' },
    { label: '$(output) Show log', command: 'unmask.showLog' },
    { label: '$(copy) Copy diagnostics', command: 'unmask.copyDiagnostics' },
    { label: '$(gear) Settings', command: 'workbench.action.openSettings', argument: '@ext:unmask.unmask' },
  ];
}
