import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { type CancellationToken, type ExtensionContext, workspace } from 'vscode';
import { currentSettings } from '../settings.ts';

/** Name of the hub's token in the editor's secret storage. */
export const TOKEN_SECRET = 'huggingface-token';

/**
 * Runs the packaged command line with --json; `onLine` gets every object that it prints. Rejects with the sentence that
 * it ends with when it fails; resolves to false when it was cancelled.
 */
export async function runCommandLine(
  context: ExtensionContext,
  args: readonly string[],
  onLine: (value: unknown) => void,
  cancelled?: CancellationToken,
): Promise<boolean> {
  const child = spawn(process.execPath, [context.asAbsolutePath('dist/cli.js'), ...args, '--json'], {
    env: { ...process.env, ...(await environment(context)) },
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const subscription = cancelled?.onCancellationRequested(() => child.kill());
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  const complaint = text(child.stderr);
  try {
    for await (const line of createInterface({ input: child.stdout })) onLine(JSON.parse(line));
    const code = await ended;
    if (cancelled?.isCancellationRequested) return false;
    if (code !== 0) throw new Error((await complaint).trim().replace(/^unmask [^:]*: /, ''));
    return true;
  } finally {
    subscription?.dispose();
  }
}

async function environment(context: ExtensionContext): Promise<Record<string, string>> {
  const proxy = workspace.getConfiguration('http').get<string>('proxy');
  const token = await context.secrets.get(TOKEN_SECRET);
  return {
    ELECTRON_RUN_AS_NODE: '1',
    UNMASK_MODELS: `${context.globalStorageUri.fsPath}/models`,
    HF_ENDPOINT: currentSettings().get<string>('hub')!,
    ...(proxy ? { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } : {}),
    ...(token ? { HF_TOKEN: token } : {}),
  };
}
