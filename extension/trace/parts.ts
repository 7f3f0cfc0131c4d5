import type { App } from '../app.ts';

/** What showing traces needs. */
export type TraceParts = Pick<App, 'context' | 'log' | 'client' | 'server'>;
