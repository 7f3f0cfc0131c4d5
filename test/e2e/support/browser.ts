import path from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';

export interface Browser {
  context: BrowserContext;
  /** Addresses outside this machine that a page asked for; none was reached. */
  blocked: string[];
}

export interface WindowSize {
  width: number;
  height: number;
  /** Pixels of a picture for each of the window's. */
  scale: number;
}

/** A headless browser with a profile of its own below `dir` that reaches this machine only. */
export async function startBrowser(
  executablePath: string,
  dir: string,
  { width, height, scale }: WindowSize,
): Promise<Browser> {
  const context = await chromium.launchPersistentContext(path.join(dir, 'browser'), {
    executablePath,
    headless: true,
    viewport: { width, height },
    deviceScaleFactor: scale,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  const blocked: string[] = [];
  await context.route(
    (url) => url.hostname !== '127.0.0.1' && url.hostname !== 'localhost',
    (route) => {
      blocked.push(route.request().url());
      return route.abort();
    },
  );
  return { context, blocked };
}
