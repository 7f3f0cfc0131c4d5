import { randomBytes } from 'node:crypto';
import { type ExtensionContext, Uri, type Webview } from 'vscode';
import { webviewHtml } from './webview-html.ts';

/** Loads a page of dist/webview, which can read nothing but the files there. */
export function loadPage(webview: Webview, context: ExtensionContext, page: string, title: string): void {
  const folder = Uri.joinPath(context.extensionUri, 'dist', 'webview');
  const file = (name: string) => webview.asWebviewUri(Uri.joinPath(folder, name)).toString();
  webview.options = { enableScripts: true, localResourceRoots: [folder] };
  webview.html = webviewHtml({
    title,
    cspSource: webview.cspSource,
    script: file(`${page}.js`),
    style: file(`${page}.css`),
    nonce: randomBytes(16).toString('base64url'),
  });
}
