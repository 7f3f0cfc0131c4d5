import { type CustomDocument, type Disposable, type Uri, type WebviewPanel, window } from 'vscode';
import { readTrace } from './files.ts';
import type { TraceParts } from './parts.ts';
import { createTraceWebview } from './trace-webview.ts';

/** Shows files `*.trace.json`, which it never changes. */
export function registerTraceEditor(parts: TraceParts): Disposable {
  return window.registerCustomEditorProvider(
    'unmask.trace',
    {
      openCustomDocument: (uri: Uri): CustomDocument => ({ uri, dispose: () => {} }),
      async resolveCustomEditor({ uri }: CustomDocument, panel: WebviewPanel): Promise<void> {
        const page = createTraceWebview(panel.webview, parts);
        panel.onDidDispose(() => page.dispose());
        try {
          page.send({ type: 'show', ...(await readTrace(parts, uri)) });
        } catch (error) {
          page.send({ type: 'problem', message: (error as Error).message });
        }
      },
    },
    { supportsMultipleEditorsPerDocument: true },
  );
}
