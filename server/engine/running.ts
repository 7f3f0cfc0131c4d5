import type { RunningDevice } from '../protocol.ts';

/** How something runs on a device that is found to be right in it. */
export interface Ways {
  /** Multiply in half precision what is not multiplied as it is stored. */
  halfPrecision: boolean;
  /** Take several denoising steps in one call of a model with block or full attention. */
  loop: boolean;
}

export interface Running extends Ways {
  device: RunningDevice;
}

/** Words that follow a device on the command line of a task. */
const WORDS = { halfPrecision: 'half', loop: 'loop' } as const;

/** In single precision, one step a call. */
export function plainly(device: RunningDevice): Running {
  return { device, halfPrecision: false, loop: false };
}

export function toWords({ halfPrecision, loop }: Ways): string[] {
  return [...(halfPrecision ? [WORDS.halfPrecision] : []), ...(loop ? [WORDS.loop] : [])];
}

export function fromWords(device: RunningDevice, words: readonly string[]): Running {
  return { device, halfPrecision: words.includes(WORDS.halfPrecision), loop: words.includes(WORDS.loop) };
}
