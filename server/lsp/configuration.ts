import {
  type Connection,
  DidChangeConfigurationNotification,
  type InitializeParams,
} from 'vscode-languageserver/node';
import type { InitializationOptions, ServerSettings } from '../protocol.ts';
import { readSettings } from '../settings.ts';

const SECTION = 'unmask';

/**
 * The settings of the client: pulled from it document by document where it can do that, else what it sent at
 * initialize or in `workspace/didChangeConfiguration`.
 */
export class Configuration {
  private readonly connection: Connection;
  private readonly listeners: (() => void)[] = [];
  private readonly cached = new Map<string, Promise<ServerSettings>>();
  private readonly reported = new Set<string>();
  private pulls = false;
  private registers = false;
  private sent: unknown;

  constructor(connection: Connection) {
    this.connection = connection;
    connection.onDidChangeConfiguration(({ settings }) => {
      if (settings) this.sent = settings[SECTION] ?? settings;
      this.changed();
    });
  }

  initialize({ capabilities, initializationOptions }: InitializeParams): void {
    this.pulls = capabilities.workspace?.configuration ?? false;
    this.registers = capabilities.workspace?.didChangeConfiguration?.dynamicRegistration ?? false;
    this.sent = (initializationOptions as InitializationOptions | undefined)?.settings;
  }

  /** The client answers requests now. */
  initialized(): void {
    if (this.registers) {
      this.connection.client
        .register(DidChangeConfigurationNotification.type, { section: SECTION })
        .catch((error: Error) => this.connection.console.warn(`Settings are not followed: ${error.message}`));
    }
    this.changed();
  }

  /** The settings that hold for a document, or without one for the window. Never rejects. */
  settings(uri?: string): Promise<ServerSettings> {
    const key = this.pulls && uri !== undefined ? uri : '';
    let settings = this.cached.get(key);
    if (!settings) {
      settings = this.read(key);
      this.cached.set(key, settings);
    }
    return settings;
  }

  forget(uri: string): void {
    this.cached.delete(uri);
  }

  onDidChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  private async read(uri: string): Promise<ServerSettings> {
    const { settings, problems } = readSettings(this.pulls ? await this.pull(uri) : this.sent);
    for (const problem of problems) {
      if (!this.reported.has(problem)) this.connection.console.warn(problem);
      this.reported.add(problem);
    }
    return settings;
  }

  private async pull(uri: string): Promise<unknown> {
    try {
      return await this.connection.workspace.getConfiguration({
        section: SECTION,
        scopeUri: uri || undefined,
      });
    } catch (error) {
      this.connection.console.warn(`The client did not tell its settings: ${(error as Error).message}`);
      return this.sent;
    }
  }

  private changed(): void {
    this.cached.clear();
    for (const listener of this.listeners) listener();
  }
}
