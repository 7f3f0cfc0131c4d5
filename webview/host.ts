/** The only door of a page to the editor. */
interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

/** The host of a page that sends `Out` and receives `In`. */
export interface Host<In, Out, State> {
  post(message: Out): void;
  onMessage(listener: (message: In) => void): void;
  /** What the page remembered before it was hidden or the window was reloaded. */
  readonly remembered: State | undefined;
  remember(state: State): void;
}

/** May be called once a page. */
export function connectHost<In, Out, State>(): Host<In, Out, State> {
  const api = acquireVsCodeApi();
  return {
    post: (message) => api.postMessage(message),
    onMessage: (listener) => window.addEventListener('message', ({ data }) => listener(data as In)),
    remembered: (api.getState() as State | undefined) ?? undefined,
    remember: (state) => api.setState(state),
  };
}
