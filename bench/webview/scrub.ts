/**
 * How smoothly one scrubs through a trace of 4,000 tokens and 300 steps: the time of a frame in which the slider moved,
 * drawing included, in a headless Chromium without a GPU. Run with `node --import tsx bench/webview/scrub.ts`.
 */
import { findChromium } from '../../scripts/lib/chromium.mjs';
import type { Trajectory } from '../../server/protocol.ts';
import { reveal, step, traceOf } from '../../test/webview/support/traces.ts';
import { WebviewLab } from '../../test/webview/support/webview-lab.ts';

const TOKENS = 4000;
const STEPS = 300;
const WORDS = ['def', ' name', '(', 'value', '):\n', '    return', ' value', ' +', ' 1\n'];

/** Tokens fixed in the order of a shuffle, so that every step touches cells everywhere in the text. */
function longTrace(): Trajectory {
  const texts = Array.from({ length: TOKENS }, (_, i) => WORDS[i % WORDS.length]);
  const order = texts.map((_, i) => (i * 1327) % TOKENS);
  const perStep = Math.ceil(TOKENS / STEPS);
  const window = Array<number | null>(TOKENS).fill(null);
  const steps = Array.from({ length: STEPS }, (_, index) => {
    const positions = order.slice(index * perStep, (index + 1) * perStep);
    const before = [...window];
    for (const position of positions) window[position] = 40 + position;
    const revealed = positions.map((position) => reveal(position, texts[position]));
    return step(index, { window: before, revealed, settled: index === STEPS - 1 ? TOKENS : 0 });
  });
  return { ...traceOf(texts), steps };
}

const chromium = findChromium();
if (!chromium) throw new Error('No Chromium was found; name one in CHROMIUM.');
const lab = await WebviewLab.open(chromium);
const loaded = await lab.load('trace', { width: 1200 });
await loaded.send({ type: 'show', name: 'long', trajectory: longTrace() });
await loaded.page.locator('.step-words', { hasText: `${TOKENS} of ${TOKENS}` }).waitFor();
// As many tokens on the screen as it holds.
await loaded.page
  .locator('.line')
  .nth(TOKENS / 6)
  .scrollIntoViewIfNeeded();

for (const [name, next] of [
  ['one step at a time', '(i) => i'],
  ['jumps', `(i) => (i * 127) % ${STEPS}`],
]) {
  // A message that is posted in a frame arrives when the page has handed the frame over to be painted.
  const { times, seconds } = (await loaded.page.evaluate(`(async () => {
    const next = ${next};
    const slider = document.querySelector('.scrubber');
    const { port1, port2 } = new MessageChannel();
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const handedOver = () => new Promise((resolve) => {
      port1.onmessage = resolve;
      port2.postMessage(0);
    });
    const times = [];
    const begin = performance.now();
    for (let i = 0; i < ${STEPS}; i++) {
      await frame();
      const start = performance.now();
      slider.value = String(next(i));
      slider.dispatchEvent(new Event('input'));
      await handedOver();
      times.push(performance.now() - start);
    }
    return { times, seconds: (performance.now() - begin) / 1000 };
  })()`)) as { times: number[]; seconds: number };
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))].toFixed(1);
  console.log(
    `${name}: a frame takes ${at(0.5)} ms median, ${at(0.95)} ms 95th, ${at(1)} ms most; ${(STEPS / seconds).toFixed(0)} frames a second`,
  );
}
await lab.close();
