import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { LspClient } from '../support/lsp-client.ts';
import type { ScriptRule } from '../support/scripted-engine.ts';

const FAKE_SERVER = path.join(import.meta.dirname, '../support/fake-server.ts');

export interface Item {
  insertText: string;
  range: { start: Position; end: Position };
  filterText: string;
  command: { command: string; arguments: string[] };
}

export interface Position {
  line: number;
  character: number;
}

export interface Selected {
  range: { start: Position; end: Position };
  text: string;
}

export const URI = 'file:///project/sample.py';

/** An editor with one document, typing into it and asking for completions as a real one does. */
export class Editor {
  readonly client: LspClient;
  readonly storageDir: string;
  /** Offset in the document. */
  cursor = 0;
  private text = '';
  private version = 0;

  constructor(test: TestContext) {
    this.storageDir = mkdtempSync(path.join(os.tmpdir(), 'unmask-server-'));
    this.client = new LspClient(['--import', 'tsx', FAKE_SERVER]);
    test.after(async () => {
      this.client.kill();
      await this.client.exited;
      rmSync(this.storageDir, { recursive: true, force: true });
      assert.deepEqual(this.client.loggedErrors, []);
    });
  }

  /** Opens `marked`, in which `█` is the cursor. */
  async start(
    marked: string,
    rules: ScriptRule[],
    options: { settings?: unknown; capabilities?: unknown; processId?: number } = {},
  ) {
    await this.client.request('initialize', {
      processId: options.processId ?? process.pid,
      rootUri: null,
      capabilities: options.capabilities ?? {},
      initializationOptions: { storageDir: this.storageDir, settings: options.settings },
    });
    this.client.notify('initialized', {});
    await this.client.request('fake/script', { rules });
    this.open(marked);
  }

  private open(marked: string): void {
    const cursor = marked.indexOf('█');
    this.text = marked.replace('█', '');
    this.cursor = cursor < 0 ? this.text.length : cursor;
    this.client.notify('textDocument/didOpen', {
      textDocument: { uri: URI, languageId: 'python', version: ++this.version, text: this.text },
    });
  }

  /** Types at the cursor. */
  type(text: string): void {
    const position = this.position();
    this.text = this.text.slice(0, this.cursor) + text + this.text.slice(this.cursor);
    this.cursor += text.length;
    this.client.notify('textDocument/didChange', {
      textDocument: { uri: URI, version: ++this.version },
      contentChanges: [{ range: { start: position, end: position }, text }],
    });
  }

  position(offset = this.cursor): Position {
    const lines = this.text.slice(0, offset).split('\n');
    return { line: lines.length - 1, character: lines[lines.length - 1].length };
  }

  /** Asks at the cursor. */
  ask(options: { manual?: boolean; position?: Position; uri?: string; selected?: Selected } = {}) {
    return this.client.start<Item[] | null>('textDocument/inlineCompletion', {
      textDocument: { uri: options.uri ?? URI },
      position: options.position ?? this.position(),
      context: { triggerKind: options.manual ? 1 : 2, selectedCompletionInfo: options.selected },
    });
  }

  /** The text of the answer, or null. */
  async answer(options: Parameters<Editor['ask']>[0] = {}): Promise<string | null> {
    return (await this.ask(options).answer)?.[0].insertText ?? null;
  }

  get forwards(): number {
    return this.client.count('fake/forward');
  }
}
