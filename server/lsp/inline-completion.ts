import {
  type CancellationToken,
  type Connection,
  type InlineCompletionItem,
  type InlineCompletionParams,
  InlineCompletionTriggerKind,
} from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { AcceptanceTracker } from '../completion/acceptance.ts';
import type { Completer, Offer } from '../completion/completer.ts';
import type { CompletionRequest } from '../completion/request.ts';
import { ACCEPTED_COMMAND } from '../protocol.ts';
import type { Configuration } from './configuration.ts';
import type { Documents } from './documents.ts';
import type { Pause } from './pause.ts';
import type { StatusNotifier } from './status.ts';

interface Parts {
  documents: Documents;
  configuration: Configuration;
  completer: Completer;
  pause: Pause;
  acceptance: AcceptanceTracker;
  status: StatusNotifier;
}

/** Answers `textDocument/inlineCompletion` with one item or null; never with an error. */
export function registerInlineCompletion(connection: Connection, parts: Parts): void {
  connection.languages.inlineCompletion.on(async (params, token) => {
    try {
      return await answer(params, token, parts);
    } catch (error) {
      connection.console.error(`Completion failed: ${(error as Error).stack}`);
      return null;
    } finally {
      parts.status.update();
    }
  });
}

async function answer(
  params: InlineCompletionParams,
  token: CancellationToken,
  { documents, configuration, completer, pause, acceptance }: Parts,
): Promise<InlineCompletionItem[] | null> {
  const { uri } = params.textDocument;
  const document = documents.get(uri);
  const version = document?.version;
  const settings = await configuration.settings(uri);
  const outdated = () => token.isCancellationRequested || documents.get(uri)?.version !== version;
  if (!document || pause.reason !== undefined || outdated()) return null;
  const request = requestOf(params, document);
  const offer = await completer.request(request, settings, signalOf(token));
  if (!offer || outdated()) return null;
  acceptance.offered(uri, offer, request.text);
  return [itemOf(offer, request, document)];
}

function requestOf({ position, context }: InlineCompletionParams, document: TextDocument): CompletionRequest {
  const selected = context.selectedCompletionInfo;
  return {
    uri: document.uri,
    languageId: document.languageId,
    text: document.getText(),
    offset: document.offsetAt(position),
    manual: context.triggerKind === InlineCompletionTriggerKind.Invoked,
    ...(selected && {
      selected: {
        start: document.offsetAt(selected.range.start),
        end: document.offsetAt(selected.range.end),
        text: selected.text,
      },
    }),
  };
}

function itemOf(
  { id, text, start, end }: Offer,
  { text: before, selected }: CompletionRequest,
  document: TextDocument,
): InlineCompletionItem {
  return {
    insertText: text,
    range: { start: document.positionAt(start), end: document.positionAt(end) },
    // What was typed need not be how the selected suggestion begins; the editor compares it with this.
    filterText: selected ? before.slice(start, end) + text.slice(selected.text.length) : text,
    command: { title: 'Completion accepted', command: ACCEPTED_COMMAND, arguments: [id] },
  };
}

function signalOf(token: CancellationToken): AbortSignal {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  token.onCancellationRequested(() => controller.abort());
  return controller.signal;
}
