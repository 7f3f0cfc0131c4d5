import { ConfigurationTarget, type TextDocument, type WorkspaceConfiguration, workspace } from 'vscode';

/** The section `unmask` as it holds for a document. Defaults are in the manifest only. */
export function currentSettings(document?: TextDocument): WorkspaceConfiguration {
  return workspace.getConfiguration('unmask', document);
}

/** Whether the setting `languages` has completion on for the document's language. */
export function languageEnabled(document: TextDocument): boolean {
  const languages = currentSettings(document).get<Record<string, boolean>>('languages')!;
  return languages[document.languageId] ?? languages['*'] ?? true;
}

/** Turns a boolean setting over, there where its present value comes from. */
export async function toggleSetting(key: 'enable' | 'automatic', document?: TextDocument): Promise<void> {
  const settings = currentSettings(document);
  await settings.update(key, !settings.get<boolean>(key), targetOf(settings, key));
}

/** Sets the folder of the model, empty for the one that comes with Unmask, there where its present value comes from. */
export async function setModel(dir: string): Promise<void> {
  const settings = currentSettings();
  await settings.update('model', dir, targetOf(settings, 'model'));
}

/** Turns completion over for the document's language. */
export async function toggleLanguage(document: TextDocument): Promise<void> {
  const settings = currentSettings(document);
  const target = targetOf(settings, 'languages');
  const own = valueAt(settings, 'languages', target) as Record<string, boolean> | undefined;
  await settings.update('languages', { ...own, [document.languageId]: !languageEnabled(document) }, target);
}

function targetOf(settings: WorkspaceConfiguration, key: string): ConfigurationTarget {
  const { WorkspaceFolder, Workspace, Global } = ConfigurationTarget;
  return (
    [WorkspaceFolder, Workspace].find((target) => valueAt(settings, key, target) !== undefined) ?? Global
  );
}

function valueAt(settings: WorkspaceConfiguration, key: string, target: ConfigurationTarget): unknown {
  const values = settings.inspect(key);
  if (target === ConfigurationTarget.WorkspaceFolder) return values?.workspaceFolderValue;
  return target === ConfigurationTarget.Workspace ? values?.workspaceValue : values?.globalValue;
}
