import { type ExtensionContext, workspace } from 'vscode';
import { currentSettings } from '../settings.ts';

/** Name of the hub's token in the editor's secret storage. */
export const TOKEN_SECRET = 'huggingface-token';

/** What a command that downloads is told by its environment: hub, proxy and token. */
export async function hubEnvironment(context: ExtensionContext): Promise<Record<string, string>> {
  const proxy = workspace.getConfiguration('http').get<string>('proxy');
  const token = await context.secrets.get(TOKEN_SECRET);
  return {
    HF_ENDPOINT: currentSettings().get<string>('hub')!,
    ...(proxy ? { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } : {}),
    ...(token ? { HF_TOKEN: token } : {}),
  };
}
