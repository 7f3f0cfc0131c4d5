import { existsSync } from 'node:fs';
import { run } from './run.mjs';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** The browser of this machine; the variable CHROMIUM names another. */
export function findChromium() {
  return [process.env.CHROMIUM, ...PLACES].find((file) => file && existsSync(file));
}

/** Installs Chromium by apt-get. Only for machines that exist to run the tests. */
export async function installChromium() {
  const apt = (...args) => {
    const command = ['apt-get', '-y', '-q', '--no-install-recommends', ...args];
    const [program, ...rest] = process.getuid?.() === 0 ? command : ['sudo', ...command];
    return run(program, rest, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
  };
  await apt('update');
  await apt('install', 'chromium', 'fonts-dejavu-core');
}
