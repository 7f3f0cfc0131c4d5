import assert from 'node:assert/strict';
import { test } from 'node:test';
import { draftOf, firstLineConfidence } from '../../server/completion/answer.ts';
import { trajectoryOf } from '../support/scripted-engine.ts';

/** A token counts where it begins. */
test('the confidence of a line is the product of its tokens, those that end it included', () => {
  const trajectory = trajectoryOf('ab\ncde\n\nf', 1, 2);
  const probabilities = [0.5, 0.25, 0.5, 0.125, 0.75];
  assert.deepEqual(trajectory.responseTexts, ['ab', '\nc', 'de', '\n\n', 'f']);
  trajectory.steps.forEach(({ revealed }, i) => {
    revealed[0].confidence = probabilities[i];
  });
  const draft = draftOf(trajectory);
  assert.deepEqual(draft.lineConfidences, [0.5 * 0.25, 0.5 * 0.125, Number.NaN, 0.75]);
  assert.equal(firstLineConfidence(draft), 0.125);
});
