import { commands, type QuickPickItem, window } from 'vscode';
import type { CatalogueEntry, DownloadResult } from '../../server/protocol.ts';
import type { App } from '../app.ts';
import { runCommandLine } from '../command-line.ts';
import { currentSettings, setModel } from '../settings.ts';
import { TOKEN_SECRET } from './hub.ts';
import { runWithProgress } from './progress.ts';

/** Lets the user choose a model, fetches it and offers to use it. Nothing is fetched before the choice. */
export async function downloadModel(app: App): Promise<void> {
  const name = await chooseFromCatalogue(app);
  if (name !== undefined) await fetchAndOffer(app, name);
}

async function fetchAndOffer(app: App, name: string): Promise<void> {
  let result: unknown;
  try {
    result = await runWithProgress(app, `downloading ${name}`, ['model', 'download', name]);
  } catch (error) {
    return suggest(app, name, (error as Error).message);
  }
  if (result) await offer(result as DownloadResult);
}

async function chooseFromCatalogue({ context }: App): Promise<string | undefined> {
  const { models } = (await runCommandLine(context, ['model', 'download'])) as { models: CatalogueEntry[] };
  const items: (QuickPickItem & { name?: string })[] = [
    ...models.map(({ name, repository, about, billions, leastMemory, device }) => ({
      name,
      label: name,
      description: repository,
      detail: `${about}; ${billions} B weights, about ${Math.round(leastMemory / 1e9)} GB of memory, ${device === 'cpu' ? 'runs on the processor' : 'wants a graphics card'}`,
    })),
    { label: '$(edit) Another repository…' },
  ];
  const picked = await window.showQuickPick(items, { title: 'Download a model', matchOnDescription: true });
  if (!picked || picked.name !== undefined) return picked?.name;
  return window.showInputBox({ title: 'Repository on the hub', placeHolder: 'owner/repository' });
}

async function offer({ name, dir, licence, problem }: DownloadResult): Promise<void> {
  if (problem !== null) {
    window.showWarningMessage(`Unmask: ${name} was downloaded to ${dir}, but cannot be used. ${problem}`);
    return;
  }
  const use = 'Use It';
  const terms = licence ?? 'not stated, see its page on the hub';
  const picked = await window.showInformationMessage(`Unmask: ${name} is here. Licence: ${terms}.`, use);
  if (picked === use) await setModel(dir);
}

/** What can be done about a download that failed. Throws where that is nothing. */
async function suggest(app: App, name: string, problem: string): Promise<void> {
  const [choose, enter] = ['Choose Model', 'Enter Token'];
  const answer = problem.includes('is there already')
    ? choose
    : problem.includes('HF_TOKEN')
      ? enter
      : undefined;
  if (answer === undefined) throw new Error(problem);
  if ((await window.showErrorMessage(`Unmask: ${problem}`, answer)) !== answer) return;
  if (answer === choose) await commands.executeCommand('unmask.chooseModel');
  else if (await askForToken(app)) await fetchAndOffer(app, name);
}

/** Keeps another token, or none; whether there is one now. */
async function askForToken({ context }: App): Promise<boolean> {
  const hub = currentSettings().get<string>('hub');
  const token = await window.showInputBox({
    title: 'Token of the Hub',
    prompt: `Kept in the editor's secret storage and sent to ${hub} only. Empty: forget the one that is kept.`,
    password: true,
    ignoreFocusOut: true,
  });
  if (token === '') await context.secrets.delete(TOKEN_SECRET);
  if (!token) return false;
  await context.secrets.store(TOKEN_SECRET, token);
  return true;
}
