import type { Connection } from 'vscode-languageserver/node';
import { parseFrontier } from '../frontier-file.ts';
import { type FrontierOrProblem, METHODS, type ReadSavedParams } from '../protocol.ts';
import { orProblem } from './or-problem.ts';

/** The request of a client that shows saved frontiers. */
export function registerFrontierRequests(connection: Connection): void {
  connection.onRequest<FrontierOrProblem, void>(METHODS.readFrontier, ({ name, text }: ReadSavedParams) =>
    orProblem(() => ({ frontier: parseFrontier(text, name) })),
  );
}
