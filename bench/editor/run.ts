/**
 * What the extension costs the editor's extension host, in which every extension takes its turn: how late timers of the
 * host are while a file is opened and typed into, without Unmask and with it, and the longest stretch in which the code
 * of Unmask ran there. Run by `npm run bench -- editor`; prints one JSON object a line.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { type Environment, findEnvironment } from '../../test/e2e/support/environment.ts';
import { type Launched, launch } from '../../test/e2e/support/launch.ts';

const SAMPLE = `class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __add__(self, other):
        return Point(self.x + other.x, self.y + other.y)

`;
const LINES = ['sub', 'mul', 'truediv', 'mod'].flatMap((name) => [
  `    def __${name}__(self, other):`,
  '        return Point(self.x, other.x)',
  '',
]);
/** After each line, so that a completion can come and is typed over. */
const PAUSE_MS = 800;
/** Until everything that starts with a window has started. */
const SETTLED_MS = 10_000;

const environment = findEnvironment();
if ('missing' in environment) throw new Error(`The editor cannot be measured: ${environment.missing}.`);
const dir = mkdtempSync(path.join(os.tmpdir(), 'unmask-probe-'));
try {
  const probe = path.join(dir, 'probe.vsix');
  packProbe(probe);
  for (const [name, vsixes] of [
    ['without Unmask', [probe]],
    ['with Unmask', [probe, ...environment.vsixes]],
  ] as const) {
    for (const row of await measure(environment, vsixes))
      console.log(JSON.stringify({ editor: name, ...row }));
  }
} finally {
  rmSync(dir, { recursive: true });
}

function packProbe(file: string): void {
  const vsce = path.join(ROOT, 'node_modules/@vscode/vsce/vsce');
  const flags = ['--no-dependencies', '--allow-star-activation', '--skip-license', '--out', file];
  const cwd = path.join(import.meta.dirname, 'probe');
  execFileSync(process.execPath, [vsce, 'package', ...flags], {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function measure({ chromium, codeServer }: Environment, vsixes: readonly string[]): Promise<object[]> {
  // Another one each time: its file outlives the extension host that listens on it.
  const socket = path.join(mkdtempSync(path.join(dir, 'socket-')), 'probe');
  process.env.UNMASK_PROBE_SOCKET = socket;
  const window = await launch(
    { chromium, codeServer, vsixes },
    { name: 'bench', files: { 'point.py': SAMPLE }, trusted: true },
  );
  try {
    while (!existsSync(socket)) await delay(20);
    const opening = await watch(socket, async () => {
      await window.editor.open('point.py');
      await delay(SETTLED_MS);
    });
    const typing = await watch(socket, () => type(window));
    return [
      { phase: 'opening', ...opening },
      { phase: 'typing', ...typing },
    ];
  } finally {
    await window.close();
  }
}

async function type({ editor }: Launched): Promise<void> {
  await editor.press('Control+End');
  for (const line of LINES) {
    await editor.page.keyboard.type(line, { delay: 80 });
    await delay(PAUSE_MS);
    await editor.press('Escape');
    await editor.press('Enter');
  }
}

/** What the probe has seen while something was done. */
async function watch(socketPath: string, work: () => Promise<void>): Promise<object> {
  const socket = connect(socketPath);
  await once(socket, 'connect');
  await work();
  socket.end();
  return JSON.parse(await text(socket));
}
