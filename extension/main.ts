import clientLibrary from 'by-files:vscode-languageclient/node';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ExtensionContext } from 'vscode';

const SLICE_MS = 2;

/**
 * Starts the program. Here and in start.ts work is cut into turns of the event loop: all extensions of a window share
 * it, and what the user types waits for it too. Most of the program is the client's library.
 */
export async function activate(context: ExtensionContext): Promise<void> {
  let began = performance.now();
  for (const load of clientLibrary) {
    load();
    if (performance.now() - began < SLICE_MS) continue;
    await nextTurn();
    began = performance.now();
  }
  const { start } = await import('./start.ts');
  await nextTurn();
  await start(context);
}
