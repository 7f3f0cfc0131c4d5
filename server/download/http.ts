import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../errors.ts';

/** How requests are made; tests bring short waits. */
export interface HttpOptions {
  signal?: AbortSignal;
  /** Sent to the hub, not to hosts that it redirects to. */
  token?: string;
  /** Wait before the first repetition, milliseconds; it doubles with every further one. */
  firstWait?: number;
  /** A connection that brings nothing for so long is cut. Milliseconds. */
  silence?: number;
}

const FIRST_WAIT = 500;
const SILENCE = 30_000;
/** Repetitions that bring nothing. */
const ATTEMPTS = 6;
/** Longest wait that a server may ask for, seconds. */
const LONGEST_WAIT = 300;

/** The answer can be tried for again. */
export class Unfinished extends Error {
  override name = 'Unfinished';
  /** Milliseconds that the server asks to wait. */
  readonly wait: number | undefined;

  constructor(message: string, wait?: number) {
    super(message);
    this.wait = wait;
  }
}

/**
 * Repeats `attempt` while it fails for reasons that pass: a broken connection, a server that is busy or broken.
 * Attempts that `progressed` says have brought something are not counted. Throws UserError when they stay without
 * success, and whatever else `attempt` throws.
 */
export async function persist<T>(
  what: string,
  attempt: () => Promise<T>,
  { signal, firstWait = FIRST_WAIT }: HttpOptions,
  progressed: () => boolean = () => false,
): Promise<T> {
  for (let failures = 0; ; ) {
    signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      signal?.throwIfAborted();
      if (!isPassing(error)) throw error;
      failures = progressed() ? 1 : failures + 1;
      if (failures >= ATTEMPTS) throw new UserError(`${what} cannot be fetched: ${reasonOf(error)}.`);
      const asked = error instanceof Unfinished ? error.wait : undefined;
      await sleep(asked ?? firstWait * 2 ** (failures - 1), undefined, { signal });
    }
  }
}

/** Requests a URL through the proxy of the environment. Throws Unfinished or UserError unless it is answered with 2xx. */
export async function get(
  url: string,
  headers: Record<string, string>,
  { signal, token, silence = SILENCE }: HttpOptions,
): Promise<Response> {
  const { EnvHttpProxyAgent, fetch } = await import('undici');
  const response = await fetch(url, {
    headers: { ...headers, ...(token ? { authorization: `Bearer ${token}` } : {}) },
    signal,
    dispatcher: new EnvHttpProxyAgent({ bodyTimeout: silence, headersTimeout: silence }),
  });
  if (response.ok) return response as unknown as Response;
  await response.body?.cancel();
  throw refusal(url, response.status, response.headers.get('retry-after'), token);
}

/** The JSON of a URL, tried for as `persist` says. */
export function getJson<T>(url: string, options: HttpOptions): Promise<T> {
  const attempt = async () => (await (await get(url, { accept: 'application/json' }, options)).json()) as T;
  return persist(url, attempt, options);
}

function refusal(url: string, status: number, retryAfter: string | null, token: string | undefined): Error {
  const { host, pathname } = new URL(url);
  if (status === 429 || status >= 500) {
    return new Unfinished(`${host} answers with status ${status}`, milliseconds(retryAfter));
  }
  if (status === 401 || status === 403) {
    return new UserError(
      token
        ? `${host} refuses ${pathname} to the owner of the token: accept its terms on the hub, or give another token (HF_TOKEN).`
        : `${host} does not give ${pathname} to everybody: accept its terms on the hub, and give a token of yours (HF_TOKEN).`,
    );
  }
  if (status === 404) return new UserError(`${host} has no ${pathname}.`);
  return new UserError(`${host} answers with status ${status} to ${pathname}.`);
}

/** Retry-After is a number of seconds or a date. */
function milliseconds(retryAfter: string | null): number | undefined {
  if (retryAfter === null) return undefined;
  const seconds = Number(retryAfter);
  const wait = Number.isFinite(seconds) ? seconds : (Date.parse(retryAfter) - Date.now()) / 1000;
  return Number.isFinite(wait) ? 1000 * Math.min(LONGEST_WAIT, Math.max(0, wait)) : undefined;
}

/** A connection that was refused, cut or silent is a TypeError of fetch, or an error with a code. */
function isPassing(error: unknown): boolean {
  if (error instanceof Unfinished) return true;
  return error instanceof TypeError && /fetch failed|terminated/.test(error.message);
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code || message : message;
}
