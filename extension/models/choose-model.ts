import path from 'node:path';
import { commands, type QuickPickItem, QuickPickItemKind, window } from 'vscode';
import type { InstalledModel } from '../../server/protocol.ts';
import type { App } from '../app.ts';
import { runCommandLine } from '../command-line.ts';
import { currentSettings, setModel } from '../settings.ts';
import { size } from './progress.ts';

interface ModelItem extends QuickPickItem {
  /** What the setting becomes, or how that is found. */
  model?: string | (() => Promise<string | undefined>);
  command?: string;
}

/** Lets the user choose the model that completes: one that is here, any other folder, or one to be downloaded. */
export async function chooseModel({ context }: App): Promise<void> {
  const { models } = (await runCommandLine(context, ['model', 'list'])) as { models: InstalledModel[] };
  const embedded = context.asAbsolutePath('models');
  const current = currentSettings().get<string>('model')!;
  const items = models.map((model) => itemOf(model, path.dirname(model.dir) === embedded ? '' : model.dir));
  if (current !== '' && !models.some(({ dir }) => dir === current)) {
    items.push({ label: path.basename(current), detail: current, model: current });
  }
  for (const item of items) if (item.model === current) item.description = 'in use';
  const picked = await window.showQuickPick<ModelItem>(
    [
      ...items,
      { label: '', kind: QuickPickItemKind.Separator },
      { label: '$(folder-opened) Another folder…', model: openFolder },
      { label: '$(cloud-download) Download a model…', command: 'unmask.downloadModel' },
    ],
    { title: 'Model that Completes' },
  );
  if (picked?.command !== undefined) await commands.executeCommand(picked.command);
  const model = typeof picked?.model === 'function' ? await picked.model() : picked?.model;
  if (model !== undefined) await setModel(model);
}

function itemOf(
  { name, dir, family, parameters, bytes, quantization, error }: InstalledModel,
  model: string,
): ModelItem {
  if (error !== undefined) return { label: `$(warning) ${name}`, detail: error, model };
  const precision = quantization === 'none' ? 'not quantised' : quantization;
  const from = model === '' ? 'comes with Unmask' : dir;
  return {
    label: name,
    detail: `${family}, ${weights(parameters!)}, ${precision}, ${size(bytes!)}; ${from}`,
    model,
  };
}

function weights(count: number): string {
  return count < 1e9 ? `${Math.round(count / 1e6)} M weights` : `${(count / 1e9).toFixed(1)} B weights`;
}

async function openFolder(): Promise<string | undefined> {
  const options = { title: 'Model Folder', canSelectFolders: true, canSelectFiles: false };
  const [uri] = (await window.showOpenDialog(options)) ?? [];
  return uri?.fsPath;
}
