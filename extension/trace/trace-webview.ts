import type { Disposable, Webview } from 'vscode';
import {
  type FromTracePage,
  METHODS,
  type ToTracePage,
  type TrajectoryOrProblem,
} from '../../server/protocol.ts';
import { loadPage } from '../webview.ts';
import { chooseTrajectory } from './choose.ts';
import { saveTrace } from './files.ts';
import { nameOf } from './name.ts';
import type { TraceParts } from './parts.ts';

type Send = (message: ToTracePage) => void;

/** A page that draws traces. Messages sent before it is ready wait. */
export interface TraceWebview extends Disposable {
  send: Send;
}

/** Loads the page into a webview and answers what it asks. */
export function createTraceWebview(webview: Webview, parts: TraceParts): TraceWebview {
  let ready = false;
  let waiting: ToTracePage[] = [];
  let drawn: ToTracePage[] = [];
  const send: Send = (message) => {
    if (message.type === 'show') drawn = [message];
    if (message.type === 'beside') drawn = [...drawn.slice(0, 1), message];
    if (ready) void webview.postMessage(message);
    else waiting.push(message);
  };
  const subscription = webview.onDidReceiveMessage(async (message: FromTracePage) => {
    if (message.type === 'ready') {
      // A page that was hidden starts anew when it is seen again; one that could not remember its traces gets them.
      const missed = ready && message.empty ? drawn : waiting;
      ready = true;
      waiting = [];
      for (const each of missed) void webview.postMessage(each);
      return;
    }
    try {
      await ANSWERS[message.type](message as never, parts, send);
    } catch (error) {
      parts.log.error(`Trace page: ${(error as Error).stack}`);
      send({ type: 'problem', message: (error as Error).message });
    }
  });
  loadPage(webview, parts.context, 'trace', 'Unmask Trace');
  return { send, dispose: () => subscription.dispose() };
}

type Message<T extends FromTracePage['type']> = Extract<FromTracePage, { type: T }>;
type Answers = {
  [T in Exclude<FromTracePage['type'], 'ready'>]: (
    message: Message<T>,
    parts: TraceParts,
    send: Send,
  ) => Promise<void>;
};

const ANSWERS: Answers = {
  async try({ prompt, settings, beside }, { client }, send) {
    const answer = await client.sendRequest<TrajectoryOrProblem>(METHODS.try, { prompt, settings });
    const { trajectory, problem } = answer;
    if (!trajectory) send({ type: 'problem', message: problem });
    else send({ type: beside ? 'beside' : 'show', name: nameOf(trajectory), trajectory });
  },
  async compare(_message, parts, send) {
    const chosen = await chooseTrajectory(parts);
    if (chosen) send({ type: 'beside', ...chosen });
  },
  async save({ trajectory }) {
    await saveTrace(trajectory);
  },
};
