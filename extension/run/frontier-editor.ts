import { type CustomDocument, type Disposable, type Uri, type WebviewPanel, window } from 'vscode';
import { type FromRunPage, type FrontierOrProblem, METHODS, type ToRunPage } from '../../server/protocol.ts';
import { readSaved } from '../saved-file.ts';
import type { TraceParts } from '../trace/parts.ts';
import { loadPage } from '../webview.ts';

/** Shows files `*.frontier.json` on the page of runs; it never changes them. */
export function registerFrontierEditor(parts: TraceParts): Disposable {
  return window.registerCustomEditorProvider(
    'unmask.frontier',
    {
      openCustomDocument: (uri: Uri): CustomDocument => ({ uri, dispose: () => {} }),
      resolveCustomEditor({ uri }: CustomDocument, panel: WebviewPanel): void {
        let open = true;
        // A page that was hidden starts anew when it is seen again, and the file may have changed.
        const subscription = panel.webview.onDidReceiveMessage(async ({ type }: FromRunPage) => {
          if (type !== 'ready') return;
          const message = await readFrontier(parts, uri);
          if (open) void panel.webview.postMessage(message);
        });
        panel.onDidDispose(() => {
          open = false;
          subscription.dispose();
        });
        loadPage(panel.webview, parts.context, 'run', 'Unmask Frontier');
      },
    },
    { supportsMultipleEditorsPerDocument: true },
  );
}

/** What the page is told of a saved frontier: itself, or why it cannot be shown. */
async function readFrontier({ client }: TraceParts, uri: Uri): Promise<ToRunPage> {
  try {
    const params = await readSaved(uri);
    const answer = await client.sendRequest<FrontierOrProblem>(METHODS.readFrontier, params);
    if (answer.frontier) return { type: 'frontier', frontier: answer.frontier };
    return { type: 'problem', message: answer.problem };
  } catch (error) {
    return { type: 'problem', message: (error as Error).message };
  }
}
