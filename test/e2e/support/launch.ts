import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Browser, startBrowser } from './browser.ts';
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
}

export interface Launched {
  /** Everything of this window is below this folder. */
  dir: string;
  editor: Editor;
  server: CodeServer;
  blocked: string[];
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
  try {
    server = await startCodeServer(environment.codeServer, environment.vsix, dir, options.settings ?? {});
    browser = await startBrowser(environment.chromium, dir);
    const page = browser.context.pages()[0];
    page.setDefaultTimeout(60_000);
    await page.goto(`${server.url}/?folder=${encodeURIComponent(workspace)}`);
    await page.locator('.monaco-workbench').waitFor();
    const answer = options.trusted ? /^Yes, I trust/ : /^No, I don/;
    await page.getByRole('button', { name: answer }).click();
    const editor = new Editor(page, workspace, options.name);
    return { dir, editor, server, blocked: browser.blocked, close };
  } catch (error) {
    await close();
    throw error;
  }
}
