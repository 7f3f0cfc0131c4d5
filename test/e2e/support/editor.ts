import { mkdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { FrameLocator, Locator, Page } from 'playwright-core';

const ACTIVE = '.editor-group-container.active';
const FIRST_GHOST_LINE = `${ACTIVE} .ghost-text-decoration, ${ACTIVE} .ghost-text-decoration-preview`;
/** Later lines live in a view zone, which has no height of its own. */
const LATER_GHOST_LINES = `${ACTIVE} .suggest-preview-text .view-line`;

const ARTEFACTS = path.join(import.meta.dirname, '../../artefacts');

/** Drives a workbench as a user does: keys in, what is on the screen out. */
export class Editor {
  readonly page: Page;
  readonly #folder: string;
  readonly #name: string;
  #screenshots = 0;

  /** `folder` is the workspace; screenshots are called after `name`. */
  constructor(page: Page, folder: string, name: string) {
    this.page = page;
    this.#folder = folder;
    this.#name = name;
  }

  /** Opens a file of the workspace. */
  async open(file: string): Promise<void> {
    await this.#pick('Control+P', file);
    await this.page.locator(`${ACTIVE} .tab.active`, { hasText: path.basename(file) }).waitFor();
    await this.page.locator(`${ACTIVE} .monaco-editor.focused`).first().waitFor();
  }

  /** Runs a command of the palette by its title. */
  command(title: string): Promise<void> {
    return this.#pick('F1', title);
  }

  /** Runs a command that asks something with a list. */
  commandWithList(title: string): Promise<void> {
    return this.#enter('F1', title);
  }

  /** Rows of the list that is open. */
  row(text: string): Locator {
    return this.page.locator('.quick-input-list .monaco-list-row', { hasText: text });
  }

  /** Takes a file of the folder that the dialog for files begins with; in a browser it is a list. */
  async chooseFile(dialog: string, name: string): Promise<void> {
    await this.page.locator('.quick-input-title', { hasText: dialog }).waitFor();
    await this.row(name).waitFor();
    await this.screenshot('file');
    await this.row(name).click();
  }

  /** Messages of the editor that can be seen. */
  message(text: string): Locator {
    return this.page.locator('.notification-toast', { hasText: text });
  }

  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text, { delay: 20 });
  }

  async press(key: string): Promise<void> {
    await this.page.keyboard.press(key);
  }

  /** Waits for ghost text and returns it. */
  async ghostText(): Promise<string> {
    await this.page.locator(`${FIRST_GHOST_LINE}, ${LATER_GHOST_LINES}`).first().waitFor();
    const first = await this.page.locator(FIRST_GHOST_LINE).allTextContents();
    const later = await this.page.locator(LATER_GHOST_LINES).allTextContents();
    return [first.join(''), ...later].join('\n').replaceAll('\u00a0', ' ');
  }

  /** Asks for ghost text by hand. At the same place in the same text the editor would not ask again. */
  async askAnew(): Promise<void> {
    await this.press('Space');
    await this.press('Backspace');
    await this.press('Alt+\\');
  }

  /** Asks for ghost text by hand, as often as it takes a server that has just started to answer. */
  async askForGhostText(): Promise<string> {
    for (let attempt = 0; attempt < 20; attempt++) {
      await this.askAnew();
      const shown = this.page.locator(`${FIRST_GHOST_LINE}, ${LATER_GHOST_LINES}`).first();
      if (
        await shown.waitFor({ timeout: 3000 }).then(
          () => true,
          () => false,
        )
      )
        break;
    }
    return this.ghostText();
  }

  /**
   * Asks for completions at the end of the open file, which it changes, until the status item tells this of the model:
   * the server reads changed settings in its time.
   */
  async completesWith(text: string): Promise<void> {
    await this.press('Control+1');
    await this.press('Control+End');
    const tooltip = this.page.locator('.monaco-hover', { hasText: text });
    for (let attempt = 0; attempt < 30; attempt++) {
      // At the same place in the same text the editor does not ask again.
      await this.type(' ');
      await this.press('Alt+\\');
      await this.status().hover();
      const told = await tooltip.waitFor({ timeout: 2000 }).then(
        () => true,
        () => false,
      );
      if (told) return;
      await this.page.mouse.move(0, 0);
    }
    throw new Error(`the status item does not tell ${text}`);
  }

  async ghostTextGone(): Promise<void> {
    await this.page.locator(FIRST_GHOST_LINE).first().waitFor({ state: 'detached' });
    await this.page.locator(LATER_GHOST_LINES).first().waitFor({ state: 'detached' });
  }

  /** Saves the active file, which must have changes, and returns its text from the disk. */
  async save(file: string): Promise<string> {
    const saved = path.join(this.#folder, file);
    const before = statSync(saved).mtimeMs;
    const dirty = this.page.locator(`${ACTIVE} .tab.active.dirty`);
    await dirty.waitFor();
    await this.press('Control+S');
    await dirty.waitFor({ state: 'detached' });
    // The mark goes when saving starts.
    for (let i = 0; i < 200 && statSync(saved).mtimeMs === before; i++) await delay(50);
    return readFileSync(saved, 'utf8');
  }

  /** The page of the only webview that can be seen. */
  webview(): FrameLocator {
    return this.page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame');
  }

  status(): Locator {
    return this.page.locator('[id="unmask.unmask.unmask.status"]');
  }

  /** Keeps a picture of the window in test/artefacts. */
  async screenshot(title: string): Promise<void> {
    mkdirSync(ARTEFACTS, { recursive: true });
    const number = String(this.#screenshots++).padStart(2, '0');
    const file = path.join(ARTEFACTS, `${this.#name}-${number}-${title}.png`);
    await this.page.screenshot({ path: file, animations: 'disabled' });
  }

  async #pick(key: string, text: string): Promise<void> {
    await this.#enter(key, text);
    await this.page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
  }

  /** Presses Enter only when the row is there: results come late. */
  async #enter(key: string, text: string): Promise<void> {
    await this.press(key);
    await this.page.locator('.quick-input-widget input').first().waitFor();
    await this.page.keyboard.type(text);
    await this.page.locator('.quick-input-list .monaco-list-row.focused', { hasText: text }).waitFor();
    await this.press('Enter');
  }
}
