import { type Disposable, ViewColumn, type WebviewPanel, window } from 'vscode';
import {
  type BeginParams,
  type EndParams,
  type LastTrajectoryResult,
  METHODS,
  type StepParams,
} from '../../server/protocol.ts';
import { nameOf } from './name.ts';
import type { TraceParts } from './parts.ts';
import { createTraceWebview, type TraceWebview } from './trace-webview.ts';

const VIEW_TYPE = 'unmask.tracePanel';

/** The one panel that follows the completions, live while it can be seen. */
export class TracePanel implements Disposable {
  private readonly parts: TraceParts;
  private readonly subscriptions: Disposable[];
  private panel: WebviewPanel | undefined;
  private page: TraceWebview | undefined;

  constructor(parts: TraceParts) {
    this.parts = parts;
    const { client } = parts;
    this.subscriptions = [
      window.registerWebviewPanelSerializer(VIEW_TYPE, {
        deserializeWebviewPanel: async (panel) => this.adopt(panel),
      }),
      client.onNotification(METHODS.begin, (params: BeginParams) =>
        this.page?.send({ type: 'begin', ...params }),
      ),
      client.onNotification(METHODS.step, (params: StepParams) =>
        this.page?.send({ type: 'step', ...params }),
      ),
      client.onNotification(METHODS.end, (params: EndParams) => this.end(params)),
      client.onDidChangeState((state) => state === 'running' && this.watch()),
    ];
  }

  /** Opens the panel, or brings it to the front, with the last completion in it. */
  async showLast(): Promise<void> {
    const last = await this.parts.client.sendRequest<LastTrajectoryResult>(METHODS.lastTrajectory);
    if (this.panel) this.panel.reveal(undefined, true);
    else {
      const column = { viewColumn: ViewColumn.Beside, preserveFocus: true };
      this.adopt(window.createWebviewPanel(VIEW_TYPE, 'Unmask: How It Was Written', column));
    }
    if (last) this.page?.send({ type: 'show', name: nameOf(last), trajectory: last });
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
    this.panel?.dispose();
  }

  private adopt(panel: WebviewPanel): void {
    const page = createTraceWebview(panel.webview, this.parts);
    this.panel = panel;
    this.page = page;
    panel.onDidChangeViewState(() => this.watch());
    panel.onDidDispose(() => {
      page.dispose();
      this.panel = undefined;
      this.page = undefined;
      this.watch();
    });
    this.watch();
  }

  /** Steps are recorded and sent only while somebody can see them. */
  private watch(): void {
    const on = this.panel?.visible ?? false;
    if (this.parts.server.running) void this.parts.client.sendRequest(METHODS.watch, { on });
  }

  private end({ request, trajectory }: EndParams): void {
    // What was asked for in a page is answered to it.
    if (!trajectory || request < 0) this.page?.send({ type: 'end', request });
    else this.page?.send({ type: 'show', name: nameOf(trajectory), trajectory });
  }
}
