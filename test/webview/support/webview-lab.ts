import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { webviewHtml } from '../../../extension/webview-html.ts';
import { buildWebview } from '../../../scripts/lib/build-webview.mjs';
import { THEMES } from './themes.ts';

const ORIGIN = 'http://webview.test';
const ARTEFACTS = path.join(import.meta.dirname, '../../artefacts');

export interface PageOptions {
  theme?: string;
  /** What the page remembered before. */
  state?: unknown;
  reducedMotion?: boolean;
  /** The system chooses the colours, as in the high-contrast mode of Windows. */
  forcedColors?: boolean;
  width?: number;
}

/** The built pages in a headless browser, with the editor's side of the wire played by the test. */
export class WebviewLab {
  private readonly browser: Browser;
  private readonly folder: string;

  private constructor(browser: Browser, folder: string) {
    this.browser = browser;
    this.folder = folder;
  }

  static async open(executablePath: string): Promise<WebviewLab> {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'unmask-webview-'));
    await buildWebview(folder);
    const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking'];
    return new WebviewLab(await chromium.launch({ executablePath, args }), folder);
  }

  async close(): Promise<void> {
    await this.browser.close();
    rmSync(this.folder, { recursive: true });
  }

  /** Loads a page under the policy that the extension gives it. Whatever it asks for beyond its own files fails. */
  async load(
    name: string,
    { theme = 'dark', state, reducedMotion, forcedColors, width = 900 }: PageOptions = {},
  ) {
    const context = await this.browser.newContext({
      viewport: { width, height: 800 },
      reducedMotion: reducedMotion ? 'reduce' : 'no-preference',
      forcedColors: forcedColors ? 'active' : 'none',
    });
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    await page.route('**/*', (route) => {
      const { pathname } = new URL(route.request().url());
      if (pathname === '/') return route.fulfill({ contentType: 'text/html', body: html(name) });
      return route.fulfill({ path: path.join(this.folder, path.basename(pathname)) });
    });
    // The loader of these tests wraps functions in a call of this name.
    await page.addInitScript('globalThis.__name = (value) => value');
    await page.addInitScript(playEditor, { ...THEMES[theme], state });
    await page.goto(ORIGIN);
    return new LoadedPage(page, problems);
  }
}

/** One page and what passes between it and the editor. */
export class LoadedPage {
  readonly page: Page;
  /** Errors of the page, refusals of its security policy among them. */
  readonly problems: string[];

  constructor(page: Page, problems: string[]) {
    this.page = page;
    this.problems = problems;
  }

  send(message: unknown): Promise<void> {
    return this.page.evaluate((data) => window.postMessage(data, '*'), message);
  }

  /** The messages that the page has posted. */
  posted(): Promise<{ type: string }[]> {
    return this.page.evaluate(() => window.fakeEditor.posted);
  }

  state(): Promise<unknown> {
    return this.page.evaluate(() => window.fakeEditor.state);
  }

  /** Rules of axe that the page breaks, with the first place of each. */
  async violations(): Promise<string[]> {
    const axe = path.join(import.meta.dirname, '../../../node_modules/axe-core/axe.min.js');
    await this.page.evaluate(readFileSync(axe, 'utf8'));
    return this.page.evaluate(async () => {
      const { violations } = await window.axe.run();
      return violations.map(({ id, nodes }) => `${id}: ${nodes[0].html} ${nodes[0].failureSummary}`);
    });
  }

  async screenshot(name: string): Promise<void> {
    mkdirSync(ARTEFACTS, { recursive: true });
    await this.page.screenshot({
      path: path.join(ARTEFACTS, `webview-${name}.png`),
      animations: 'disabled',
      fullPage: true,
    });
  }
}

function html(name: string): string {
  return webviewHtml({
    title: name,
    cspSource: ORIGIN,
    script: `${ORIGIN}/${name}.js`,
    style: `${ORIGIN}/${name}.css`,
    nonce: 'bm9uY2U',
  });
}

interface FakeEditor {
  posted: { type: string }[];
  state: unknown;
}

/** What of the browser's own the page's side of this file needs: the tests are checked without its types. */
interface Dom {
  document: {
    documentElement: { style: { setProperty(name: string, value: string): void } } | null;
    body: { className: string } | null;
  };
  MutationObserver: new (callback: () => void) => { observe(target: unknown, options: object): void };
}

declare global {
  interface Window {
    fakeEditor: FakeEditor;
    axe: {
      run(): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>;
    };
    acquireVsCodeApi(): unknown;
    postMessage(data: unknown, origin: string): void;
  }
  const window: Window;
}

/** Runs in the page, before its script. */
function playEditor({
  kind,
  variables,
  state,
}: {
  kind: string;
  variables: Record<string, string>;
  state: unknown;
}): void {
  const fake: FakeEditor = { posted: [], state };
  window.fakeEditor = fake;
  window.acquireVsCodeApi = () => ({
    postMessage: (message: { type: string }) => fake.posted.push(message),
    getState: () => fake.state,
    setState: (next: unknown) => {
      fake.state = structuredClone(next);
    },
  });
  const { document, MutationObserver } = globalThis as unknown as Dom;
  const dress = () => {
    if (!document.documentElement || !document.body) return;
    for (const [name, value] of Object.entries(variables)) {
      document.documentElement.style.setProperty(`--vscode-${name}`, value);
    }
    document.body.className = kind;
  };
  new MutationObserver(dress).observe(document, { childList: true, subtree: true });
}
