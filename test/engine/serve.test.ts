import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
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

test('when a device is lost the request is answered by the processor', async () => {
  const loaded: string[] = [];
  const said = await converse(
    [{ ...LOAD, options: { ...LOAD.options, device: 'webgpu' } }, complete(1, 'a')],
    1,
    async (options, onProgress) => {
      loaded.push(options.device);
      const model = await loadFakeModel(options, onProgress);
      if (options.device === 'cpu') return model;
      const lost = () => Promise.reject(new Error('device lost'));
      return {
        ...model,
        device: options.device,
        denoiser: { ...model.denoiser, forward: lost },
        release: lost,
      };
    },
  );
  assert.deepEqual(loaded, ['webgpu', 'cpu']);
  const devices = said.flatMap((message) => (message.type === 'ready' ? [message.device] : []));
  assert.deepEqual(devices, ['webgpu', 'cpu']);
  const done = said.find((message) => message.type === 'done');
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
