import { findChromium, installChromium } from './chromium.mjs';
import { codeServerSupported, installCodeServer } from './code-server.mjs';

/**
 * Prepares the tests in a real editor. On somebody's own machine no browser is installed: those tests are then skipped
 * with the reason. `unattended` machines get what is missing.
 * @param {boolean} unattended
 */
export async function setUpEditorTests(unattended) {
  if (!codeServerSupported()) return;
  if (!findChromium() && unattended) await installChromium();
  if (!findChromium()) return;
  try {
    await installCodeServer();
  } catch (error) {
    if (unattended) throw error;
    console.log(`code-server could not be installed: ${error.message}`);
  }
}
