import { existsSync } from 'node:fs';
import { findChromium } from '../../../scripts/lib/chromium.mjs';
import { codeServerDir, codeServerSupported } from '../../../scripts/lib/code-server.mjs';
import { hostTarget } from '../../../scripts/lib/targets.mjs';
import { vsixPath } from '../../../scripts/lib/vsix.mjs';

export interface Environment {
  chromium: string;
  codeServer: string;
  /** The extensions that are installed. */
  vsixes: readonly string[];
}

/** What the tests in a real editor need, or why this machine cannot run them. `npm test` sets it up. */
export function findEnvironment(): Environment | { missing: string } {
  if (!codeServerSupported()) return { missing: 'code-server runs on linux-x64 only' };
  const chromium = findChromium();
  if (!chromium) return { missing: 'chromium is not installed (or name a browser in CHROMIUM)' };
  const codeServer = codeServerDir();
  if (!existsSync(codeServer)) return { missing: `${codeServer} is missing; npm test installs it` };
  const vsix = vsixPath(hostTarget());
  if (!existsSync(vsix)) return { missing: `${vsix} is missing; npm run package makes it` };
  return { chromium, codeServer, vsixes: [vsix] };
}
