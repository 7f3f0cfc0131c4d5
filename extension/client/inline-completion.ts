import {
  type CancellationToken,
  commands,
  Disposable,
  type InlineCompletionContext as EditorContext,
  InlineCompletionItem as EditorItem,
  InlineCompletionTriggerKind as EditorTrigger,
  type LogOutputChannel,
  languages,
} from 'vscode';
import type { InlineCompletionContext, InlineCompletionItem } from 'vscode-languageserver';
import { ACCEPTED_COMMAND } from '../../server/protocol.ts';
import type { Client } from './client.ts';
import { editorRange, positionOf, rangeOf } from './converted.ts';
import { SCHEMES } from './documents.ts';

/** `InlineCompletionTriggerKind` of the protocol, whose library is not loaded for two numbers. */
const INVOKED = 1;
const AUTOMATIC = 2;

/** Ghost text: the editor asks, the server answers, and is told what was accepted. */
export function provideInlineCompletions(client: Client, log: LogOutputChannel): Disposable {
  const selector = SCHEMES.map((scheme) => ({ scheme }));
  return Disposable.from(
    languages.registerInlineCompletionItemProvider(selector, {
      async provideInlineCompletionItems(document, position, context, token) {
        const params = {
          textDocument: { uri: document.uri.toString() },
          position: positionOf(position),
          context: contextOf(context),
        };
        try {
          const items = await ask(client, params, token);
          return token.isCancellationRequested ? undefined : items?.map(editorItem);
        } catch (error) {
          // No popup: the log and the status item tell.
          if (!token.isCancellationRequested) log.error(`Completion failed: ${(error as Error).message}`);
        }
      },
    }),
    commands.registerCommand(ACCEPTED_COMMAND, (...args) =>
      client.sendRequest('workspace/executeCommand', { command: ACCEPTED_COMMAND, arguments: args }),
    ),
  );
}

function ask(client: Client, params: object, token: CancellationToken) {
  return client.sendRequest<InlineCompletionItem[] | null>('textDocument/inlineCompletion', params, token);
}

function contextOf({
  triggerKind,
  selectedCompletionInfo: selected,
}: EditorContext): InlineCompletionContext {
  return {
    triggerKind: triggerKind === EditorTrigger.Invoke ? INVOKED : AUTOMATIC,
    ...(selected && { selectedCompletionInfo: { range: rangeOf(selected.range), text: selected.text } }),
  };
}

function editorItem({ insertText, range, filterText, command }: InlineCompletionItem): EditorItem {
  const item = new EditorItem(insertText as string, range && editorRange(range), command);
  item.filterText = filterText;
  return item;
}
