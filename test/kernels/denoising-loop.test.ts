import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { grouped } from '../../kernels/attention/grouped.ts';
import { denoisingLoop } from '../../kernels/denoising-loop.ts';
import { buildForward } from '../../kernels/forward.ts';
import type { Graph } from '../../kernels/graph.ts';
import { bestTokens } from '../../kernels/head.ts';
import { fp32 } from '../../kernels/linear/fp32.ts';
import { embedWidened } from '../../kernels/linear/stored.ts';
import { openModel } from '../../server/models/registry.ts';
import { FIXTURES } from '../support/model-files.ts';

// test/engine/steps-ahead.test.ts tests what the loop computes.

test('what is computed from weights alone is outside of the loop, all else in it', async () => {
  const { spec, weights } = await openModel(path.join(FIXTURES, 'qwen3-sdar-block4'));
  const plain = { precision: fp32, headPrecision: fp32, embed: embedWidened, attention: grouped };
  const graph = buildForward(spec, weights, { ...plain, head: bestTokens(spec.suppressedTokenIds) });
  denoisingLoop(graph);
  const loop = graph.nodes[graph.nodes.length - 1];
  assert.equal(loop.op, 'Loop');
  const { body } = loop.attributes.body as { body: Graph };
  const outside = graph.nodes.filter(
    ({ inputs }) => !inputs.some((name) => graph.inputs.some((x) => x.name === name)),
  );
  const constant = new Set(
    [...graph.initializers, ...outside.map(({ outputs: [name] }) => ({ name }))].map((x) => x.name),
  );
  for (const { op, inputs } of body.nodes) assert.ok(!inputs.every((name) => constant.has(name)), op);
  // The rows of q, k and v of every layer are put together.
  assert.ok(outside.filter(({ op }) => op === 'Concat').length >= spec.layers);
});
