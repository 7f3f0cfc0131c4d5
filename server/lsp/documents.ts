import { type Connection, TextDocumentSyncKind, TextDocuments } from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { DocumentChange } from '../completion/inflight.ts';

export interface DocumentListener {
  /** The changes apply one after the other; `text` is the document after all of them. */
  onChange?(uri: string, changes: readonly DocumentChange[], text: string): void;
  onClose?(uri: string): void;
}

/** The open documents, kept up to date change by change. */
export class Documents {
  static readonly syncKind = TextDocumentSyncKind.Incremental;
  private readonly listeners: DocumentListener[] = [];
  private readonly manager = new TextDocuments<TextDocument>({
    create: TextDocument.create,
    update: (document, changes, version) => {
      const edits: DocumentChange[] = [];
      for (const change of changes) {
        const range = 'range' in change ? change.range : undefined;
        const start = range ? document.offsetAt(range.start) : 0;
        const end = range ? document.offsetAt(range.end) : document.getText().length;
        edits.push({ start, end, text: change.text });
        document = TextDocument.update(document, [change], version);
      }
      for (const listener of this.listeners) listener.onChange?.(document.uri, edits, document.getText());
      return document;
    },
  });

  get(uri: string): TextDocument | undefined {
    return this.manager.get(uri);
  }

  listen(connection: Connection): void {
    this.manager.onDidClose(({ document }) => {
      for (const listener of this.listeners) listener.onClose?.(document.uri);
    });
    this.manager.listen(connection);
  }

  subscribe(listener: DocumentListener): void {
    this.listeners.push(listener);
  }
}
