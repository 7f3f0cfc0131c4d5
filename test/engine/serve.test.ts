import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { ForwardRequest } from '../../server/decode/denoiser.ts';
import { FallbackDenoiser } from '../../server/engine/fallback-denoiser.ts';
import { encodeFrame, FrameReader } from '../../server/engine/frames.ts';
import { serve } from '../../server/engine/serve.ts';
import type { FromEngine, ToEngine } from '../../server/protocol.ts';
import { request } from '../support/engine-lab.ts';
import { loadFakeModel } from '../support/fake-model.ts';

const LOAD: Extract<ToEngine, { type: 'load' }> = {
  type: 'load',
  options: { modelDir: 'fake', device: 'cpu', threads: 1 },
};

function complete(id: number, prefix: string): ToEngine {
  return { type: 'complete', id, ...request(prefix, { maxTokens: 2 }), stream: false };
}

/** Everything the engine says to these messages, up to the answer of request `last`. */
async function converse(messages: ToEngine[], last: number, load = loadFakeModel): Promise<FromEngine[]> {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const served = serve(input, output, load);
  for (const message of messages) input.write(encodeFrame(message));
  const frames = new FrameReader();
  const said: FromEngine[] = [];
  for await (const chunk of output) {
    said.push(...(frames.push(chunk) as FromEngine[]));
    if (said.some((message) => 'id' in message && message.id === last && message.type !== 'step')) break;
  }
  input.end();
  await served;
  return said;
}

test('a request that takes long gives signs of life without steps', async () => {
  const said = await converse([LOAD, complete(1, '!slow')], 1);
  assert.ok(said.some(({ type }) => type === 'alive'));
  assert.ok(!said.some(({ type }) => type === 'step'));
});

test('while the model loads, a later request takes the place of an earlier one', async () => {
  const said = await converse([LOAD, complete(1, 'a'), complete(2, 'b'), complete(3, 'c')], 3);
  assert.deepEqual(
    said.flatMap((message) => ('id' in message ? [[message.id, message.type]] : [])),
    [
      [1, 'dropped'],
      [2, 'dropped'],
      [3, 'done'],
    ],
  );
});

test('when a device is lost the processor goes on with the request, and no step is repeated', async () => {
  const streamed: ToEngine = { type: 'complete', id: 1, ...request('a', { maxTokens: 12 }), stream: true };
  const steps = (said: FromEngine[]) =>
    said.flatMap((message) => (message.type === 'step' ? [{ ...message.step, milliseconds: 0 }] : []));
  const undisturbed = await converse([LOAD, streamed], 1);
  const disturbed = await converse([LOAD, streamed], 1, async (options, onProgress) => {
    const model = await loadFakeModel(options, onProgress);
    const cpu = { ...model.denoiser, release: async () => {} };
    let forwards = 0;
    const webgpu = {
      ...cpu,
      async forward(rows: ForwardRequest) {
        forwards++;
        // After the prefill and one step.
        if (forwards === 3) throw new Error('device lost');
        return cpu.forward(rows);
      },
    };
    const devices = { open: async () => cpu, next: async () => 'cpu' as const };
    const denoiser = new FallbackDenoiser(devices, 'webgpu', webgpu);
    return {
      ...model,
      denoiser,
      get device() {
        return denoiser.device;
      },
    };
  });
  assert.deepEqual(steps(disturbed), steps(undisturbed));
  const order = disturbed.flatMap((message) =>
    message.type === 'ready' ? [message.device] : message.type === 'step' ? ['step'] : [],
  );
  assert.deepEqual(order.slice(0, 4), ['webgpu', 'step', 'cpu', 'step']);
  const done = disturbed.find((message) => message.type === 'done');
  assert.equal(done?.type === 'done' && done.trajectory.device, 'cpu');
});

test('cancelling what is not there, or is over, changes nothing', async () => {
  const said = await converse([{ type: 'cancel', id: 7 }, LOAD, complete(1, 'a')], 1);
  assert.ok(said.some(({ type }) => type === 'done'));
});

test('a request without a model is an error, not a crash', async () => {
  const said = await converse([complete(1, 'a')], 1);
  assert.deepEqual(said[0], { type: 'error', id: 1, message: 'no model is loaded', user: false });
});
