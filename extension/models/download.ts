import { ConfigurationTarget, type QuickPickItem, window } from 'vscode';
import type { CatalogueEntry, DownloadResult } from '../../server/protocol.ts';
import type { App } from '../app.ts';
import { runCommandLine } from '../command-line.ts';
import { currentSettings } from '../settings.ts';
import { TOKEN_SECRET } from './hub.ts';
import { runWithProgress } from './progress.ts';

/** Lets the user choose a model, fetches it and offers to use it. Nothing is fetched before the choice. */
export async function downloadModel(app: App): Promise<void> {
  const name = await chooseModel(app);
  if (name === undefined) return;
  try {
    const result = await fetchModel(app, name);
    if (result) await offer(result);
  } catch (error) {
    await askForToken(app, name, (error as Error).message);
  }
}

async function chooseModel({ context }: App): Promise<string | undefined> {
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

async function fetchModel(app: App, name: string): Promise<DownloadResult | undefined> {
  const result = await runWithProgress(app, `downloading ${name}`, ['model', 'download', name]);
  return result as DownloadResult | undefined;
}

async function offer({ name, dir, licence, problem }: DownloadResult): Promise<void> {
  if (problem !== null) {
    window.showWarningMessage(`Unmask: ${name} was downloaded to ${dir}, but cannot be used. ${problem}`);
    return;
  }
  const use = 'Use It';
  const terms = licence ?? 'not stated, see its page on the hub';
  const picked = await window.showInformationMessage(`Unmask: ${name} is here. Licence: ${terms}.`, use);
  if (picked === use) await currentSettings().update('model', dir, ConfigurationTarget.Global);
}

/** A model that is not given to everybody is tried once more with a token. */
async function askForToken(app: App, name: string, problem: string): Promise<void> {
  if (!problem.includes('HF_TOKEN')) throw new Error(problem);
  const enter = 'Enter Token';
  if ((await window.showErrorMessage(`Unmask: ${problem}`, enter)) !== enter) return;
  const token = await window.showInputBox({
    title: 'Token of the hub',
    password: true,
    ignoreFocusOut: true,
  });
  if (!token) return;
  await app.context.secrets.store(TOKEN_SECRET, token);
  const result = await fetchModel(app, name);
  if (result) await offer(result);
}
