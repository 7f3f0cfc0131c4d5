import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../../../scripts/lib/paths.mjs';
import { RL_PRESETS } from '../../../server/train/rl/presets/index.ts';
import { checkRecipe, type Recipe } from '../../../server/train/rl/recipe.ts';
import { REPLAYERS } from '../../../server/train/rl/replay/index.ts';
import { tinySpec } from '../../support/tiny-model.ts';

const { lightningrl } = RL_PRESETS;

/** The sentence about a recipe that is lightningrl but for some changes. */
function complaint(changes: Record<string, unknown>): string {
  try {
    checkRecipe({ ...lightningrl, ...changes }, 'my.json');
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

test('every preset is a recipe, and its file has at most 60 lines', () => {
  for (const [name, recipe] of Object.entries(RL_PRESETS)) {
    checkRecipe(JSON.parse(JSON.stringify(recipe)), name);
    const file = path.join(ROOT, 'server/train/rl/presets', `${name}.ts`);
    assert.ok(readFileSync(file, 'utf8').trimEnd().split('\n').length <= 60, name);
  }
});

test('what cannot be is said in one sentence with the key', () => {
  const { decode, objective, rewards, filter } = lightningrl;
  const cases: [Record<string, unknown>, string][] = [
    [{ groupSize: 0 }, 'my.json: recipe.groupSize is 0 and must be a whole number of at least 1.'],
    [
      { decode: { ...decode, temperature: 0 } },
      'my.json: recipe.decode.temperature is 0 and must be a number from 0.01 to 100.',
    ],
    [
      { objective: { ...objective, clip: 0.2 } },
      'my.json: recipe.objective.clip is not a setting; there are ratio, ',
    ],
    [{ rewards: [] }, 'my.json: recipe.rewards must be a list of at least 1.'],
    [
      { rewards: [{ ...rewards[0], term: 'speeed' }] },
      'my.json: recipe.rewards[0].term is "speeed" and must be correct or ',
    ],
    [
      { filter: { ...filter, mostDraws: undefined } },
      'my.json: recipe.filter.mostDraws is missing and must be ',
    ],
    [{ objective: 3 }, 'my.json: recipe.objective must be an object.'],
  ];
  for (const [changes, sentence] of cases)
    assert.ok(complaint(changes).startsWith(sentence), complaint(changes));
  assert.equal(complaint({}), '');
});

test('presets differ where their papers do', () => {
  const { dirl, tracerl, d1, 'lightningrl-released': released, 'grpo-trajectory': grpo } = RL_PRESETS;
  const speeds = (recipe: Recipe) => recipe.rewards.some(({ term }) => term === 'tpf');
  assert.deepEqual([lightningrl, released, dirl, tracerl, d1, grpo].map(speeds), [
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
  const replayers = [lightningrl, released, dirl, tracerl, d1].map(({ replay }) => replay.replayer);
  assert.deepEqual(replayers, ['exact', 'block-onestep', 'exact', 'exact', 'full-onestep']);
});

test('only d1 does not fit a causal model', () => {
  const misfits = Object.entries(RL_PRESETS).filter(([, { replay, decode }]) =>
    REPLAYERS[replay.replayer].misfit(tinySpec(), decode, replay),
  );
  assert.deepEqual(
    misfits.map(([name]) => name),
    ['d1'],
  );
});
