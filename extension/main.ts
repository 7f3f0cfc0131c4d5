import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ExtensionContext } from 'vscode';

/**
 * Starts the extension. Here and in start.ts work is cut into turns of the event loop: all extensions of a window share
 * it, and what the user types waits for it too.
 */
export async function activate(context: ExtensionContext): Promise<void> {
  const { start } = await import('./start.ts');
  await nextTurn();
  await start(context);
}
