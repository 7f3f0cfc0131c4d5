import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WarmModel } from '../../server/engine/warm-model.ts';
import type { EnginePrompt } from '../../server/protocol.ts';
import { loadFakeModel } from '../support/fake-model.ts';

test('a model that attends by blocks is told what was typed as part of its prompt', async () => {
  const model = await loadFakeModel({ modelDir: 'fake', device: 'cpu', threads: 1 }, () => {});
  const prompt: EnginePrompt = { prefix: 'a', beginning: ' b', suffix: '', fim: false, budget: 0 };
  const ask = (warm: WarmModel) =>
    warm.complete({ prompt, settings: { maxTokens: 3 }, candidates: 0 }, { cancelled: () => false });

  const causal = await ask(new WarmModel(model, 0));
  assert.deepEqual(causal.prompt, prompt);
  assert.deepEqual(causal.promptIds, model.tokenizer.encode('a'));
  // It writes nothing but `x`, so the beginning is spelled.
  assert.equal(causal.text, ' bx');

  const spec = { ...model.denoiser.spec, cleanAttention: 'block' as const, logitShift: 0 as const };
  const blocks = await ask(new WarmModel({ ...model, denoiser: { ...model.denoiser, spec } }, 0));
  assert.deepEqual(blocks.prompt, { prefix: 'a b', suffix: '', fim: false, budget: 0 });
  assert.deepEqual(blocks.promptIds, model.tokenizer.encode('a b'));
  assert.equal(blocks.text, 'xxx');
});
