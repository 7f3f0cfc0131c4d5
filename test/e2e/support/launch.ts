import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Browser, startBrowser, type WindowSize } from './browser.ts';
import { type CodeServer, startCodeServer } from './code-server.ts';
import { Editor } from './editor.ts';
import type { Environment } from './environment.ts';

export interface LaunchOptions {
  /** Prefix of the screenshots. */
  name: string;
  /** The workspace: path → text. */
  files: Record<string, string>;
  settings?: Record<string, unknown>;
  trusted: boolean;
  size?: WindowSize;
}

const SIZE: WindowSize = { width: 1280, height: 800, scale: 1 };

export interface Launched {
  /** Everything of this window is below this folder. */
  dir: string;
  editor: Editor;
  server: CodeServer;
  blocked: string[];
  /** Closes the window and opens it again, in another process of the browser; `editor` is the new one from then on. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

/** A VS Code window with the packaged extension and a workspace in a temporary folder. */
export async function launch(environment: Environment, options: LaunchOptions): Promise<Launched> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'unmask-e2e-'));
  const workspace = path.join(dir, 'workspace');
  for (const [file, text] of Object.entries(options.files)) {
    mkdirSync(path.dirname(path.join(workspace, file)), { recursive: true });
    writeFileSync(path.join(workspace, file), text);
  }
  let server: CodeServer | undefined;
  let browser: Browser | undefined;
  const close = async () => {
    await browser?.context.close();
    await server?.stop();
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  };
  const open = async (url: string) => {
    browser = await startBrowser(environment.chromium, dir, options.size ?? SIZE);
    const page = browser.context.pages()[0];
    page.setDefaultTimeout(60_000);
    await page.goto(`${url}/?folder=${encodeURIComponent(workspace)}`);
    await page.locator('.monaco-workbench').waitFor();
    return { editor: new Editor(page, workspace, options.name), blocked: browser.blocked };
  };
  try {
    server = await startCodeServer(environment.codeServer, environment.vsixes, dir, options.settings ?? {});
    const { url } = server;
    const launched: Launched = {
      ...(await open(url)),
      dir,
      server,
      close,
      async reopen() {
        await browser?.context.close();
        Object.assign(launched, await open(url));
      },
    };
    const answer = options.trusted ? /^Yes, I trust/ : /^No, I don/;
    await launched.editor.page.getByRole('button', { name: answer }).click();
    return launched;
  } catch (error) {
    await close();
    throw error;
  }
}
