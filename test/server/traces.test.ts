import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type {
  BeginParams,
  EndParams,
  StepParams,
  Trajectory,
  TrajectoryOrProblem,
} from '../../server/protocol.ts';
import { savedTrace } from '../webview/support/traces.ts';
import { Editor } from './editor.ts';

const RULES = [
  { after: 'x = ', tokens: ['compute', '(1,', ' 2)'] },
  { after: 'y = ', tokens: ['0'] },
];

async function watchingEditor(t: TestContext): Promise<Editor> {
  const editor = new Editor(t);
  await editor.start('z = 0\nx = █\n', RULES);
  await editor.client.request('unmask/watch', { on: true });
  return editor;
}

test('a watched completion begins with its prompt, has steps, and ends with its trajectory', async (t) => {
  const editor = await watchingEditor(t);
  await editor.answer();
  const begin = await editor.client.notification<BeginParams>('unmask/begin');
  assert.equal(begin.prompt.prefix, 'z = 0\nx =');
  assert.equal(begin.prompt.beginning, ' ');
  const { step } = await editor.client.notification<StepParams>('unmask/step', 3);
  assert.equal(step.revealed[0].text, ' 2)');
  const end = await editor.client.notification<EndParams>('unmask/end');
  assert.equal(end.request, begin.request);
  assert.equal(end.trajectory?.text, 'compute(1, 2)');
});

test('a cancelled completion ends without one', async (t) => {
  const editor = await watchingEditor(t);
  await editor.client.request('fake/hold', { on: true });
  const asked = editor.ask();
  await editor.client.notification('fake/forward');
  asked.cancel();
  const end = await editor.client.notification<EndParams>('unmask/end');
  assert.equal(end.trajectory, undefined);
});

test('a prompt is decoded again and joins the last trajectories, newest first', async (t) => {
  const editor = await watchingEditor(t);
  await editor.answer();
  const prompt = { prefix: 'y = ', suffix: '', fim: true, budget: 0 };
  const { trajectory } = await editor.client.request<TrajectoryOrProblem>('unmask/try', {
    prompt,
    settings: { mode: 'ar' },
  });
  assert.equal(trajectory?.text, '0');
  const begin = await editor.client.notification<BeginParams>('unmask/begin', 2);
  assert.deepEqual([begin.request, begin.prompt], [-1, prompt]);
  const kept = await editor.client.request<Trajectory[]>('unmask/trajectories', undefined);
  assert.deepEqual(
    kept.map(({ text }) => text),
    ['0', 'compute(1, 2)'],
  );
});

test('a saved trace is read, and a bad one answered with a sentence', async (t) => {
  const editor = await watchingEditor(t);
  const read = (text: string) =>
    editor.client.request<TrajectoryOrProblem>('unmask/readTrajectory', { name: 'a.trace.json', text });
  assert.deepEqual((await read(JSON.stringify(savedTrace('ar')))).trajectory, savedTrace('ar'));
  assert.match((await read('{}')).problem ?? '', /^a\.trace\.json is not a trace of Unmask/);
});
