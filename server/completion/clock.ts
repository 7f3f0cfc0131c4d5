/** Time as the completer sees it, so that tests can let it pass. */
export interface Clock {
  /** Milliseconds. */
  now(): number;
  /** Resolves after so many milliseconds, or at once when the signal is aborted. Keeps no process alive. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** Resolves with `promise`, or at once when the signal is aborted. */
export function untilAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) resolve();
    const finish = () => resolve();
    signal.addEventListener('abort', finish, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', finish));
  });
}

export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: (milliseconds, signal) => {
    let timer: NodeJS.Timeout;
    const elapsed = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, milliseconds).unref();
    });
    return untilAborted(elapsed, signal).finally(() => clearTimeout(timer));
  },
};
