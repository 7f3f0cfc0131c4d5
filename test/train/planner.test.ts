import assert from 'node:assert/strict';
import { test } from 'node:test';
import { naiveForward } from '../../kernels/naive-forward.ts';
import { plannerParameters } from '../../kernels/planner.ts';
import { Random } from '../../server/decode/random.ts';
import type { DenoiserSpec } from '../../server/models/spec.ts';
import { microBatches } from '../../server/train/batches.ts';
import { planner } from '../../server/train/objectives/planner.ts';
import { Predictor } from '../../server/train/predictor.ts';
import { TrainingSession } from '../../server/train/session.ts';
import { bruteForceReveal } from '../support/brute-force-policies.ts';
import {
  assertGradients,
  logSoftmax,
  objectiveSettings,
  randomValues,
  type Weights,
  windowModel,
} from '../support/objective-lab.ts';
import { naivePlannerLogits } from '../support/planner-lab.ts';

const { folder, spec: windowSpec, stored } = await windowModel();
const SPECS: Record<string, DenoiserSpec> = {
  causal: { ...windowSpec, suppressedTokenIds: [156] },
  block: { ...windowSpec, suppressedTokenIds: [156], cleanAttention: 'block', logitShift: 0 },
  full: { ...windowSpec, suppressedTokenIds: [156], cleanAttention: 'full', logitShift: 0 },
};
const SAMPLES = [
  { ids: [3, 1, 4, 1, 5, 2, 6, 5, 3, 5, 9], promptLength: 3 },
  { ids: [2, 7, 1, 8, 2, 8], promptLength: 0 },
];
const SETTINGS = objectiveSettings({ windows: 4, fullyMasked: 0.3 });
const PLAN = { tensors: new Set<string>(), planner: true };

for (const [name, spec] of Object.entries(SPECS)) {
  test(`the warm start imitates the factor rule, whatever is cut: loss and gradients, ${name}`, async () => {
    const asked = SAMPLES.map((sample, i) => planner.rows(sample, spec, SETTINGS, new Random(i)));
    const predictor = await Predictor.open({ ...folder, spec }, PLAN, 1);
    const samples: ReturnType<(typeof asked)[number]['forced']>[] = [];
    for (const rows of asked) {
      const [question] = microBatches([rows], { prediction: 0 }, 1000);
      const predictions = await predictor.best(question, stored);
      samples.push(rows.forced(predictions));
      const { logits } = naiveForward(spec, (weight) => stored.get(weight)!, rows);
      for (const [i, { row }] of rows.targets.entries()) {
        const scores = [...logits.subarray(row * spec.vocabSize, (row + 1) * spec.vocabSize)];
        scores[156] = Number.NEGATIVE_INFINITY;
        const best = Math.max(...logSoftmax(scores));
        assert.equal(predictions[i].id, scores.indexOf(Math.max(...scores)));
        assert.ok(Math.abs(predictions[i].confidence - Math.exp(best)) < 1e-5);
      }
      assertFactorRule(samples[samples.length - 1], predictions, name === 'causal');
    }
    await predictor.release();

    const session = await TrainingSession.open({ ...folder, spec }, PLAN, 1);
    assert.deepEqual(
      session.parameters.map((parameter) => parameter.name),
      plannerParameters(spec).map((parameter) => parameter.name),
    );
    const drawn = randomValues(session.parameters, 4);
    const values = new Map([...drawn].map(([parameter, value]) => [parameter, value.map((x) => x / 2)]));
    const run = async (mostRows: number) => {
      let loss = 0;
      const gradients = new Map(
        [...values].map(([parameter, value]) => [parameter, new Float32Array(value.length)]),
      );
      const batches = microBatches(samples, planner.terms(), mostRows);
      for (const batch of batches) {
        const result = await session.run(batch, values);
        loss += result.loss;
        for (const [parameter, sum] of gradients) {
          result.gradients.get(parameter)!.forEach((value, i) => {
            sum[i] += value;
          });
        }
      }
      return { batches: batches.length, loss, gradients };
    };
    const [whole, parts] = [await run(1000), await run(1)];
    await session.release();
    assert.deepEqual([whole.batches, parts.batches], [1, 2]);
    assert.ok(Math.abs(whole.loss - parts.loss) < 1e-5);

    // Binary cross-entropy with pos_weight = #others / #revealed, divided by the share of the others.
    const states = samples.map(
      (sample) => naiveForward(spec, (weight) => stored.get(weight)!, sample).hidden,
    );
    const lossWith = (weights: Weights) => {
      const terms = samples.flatMap((sample, i) => {
        const read = (weight: string) => weights.get(weight)!;
        const logits = naivePlannerLogits(spec, read, sample, sample.planned!, states[i]);
        return sample.targets.map(({ choice }) => ({
          logit: logits[choice!.decider!],
          chosen: choice!.chosen,
        }));
      });
      const revealed = terms.filter(({ chosen }) => chosen).length;
      const positive = (terms.length - revealed) / revealed;
      const sum = terms.reduce(
        (loss, { logit, chosen }) =>
          loss + (chosen ? positive * Math.log1p(Math.exp(-logit)) : Math.log1p(Math.exp(logit))),
        0,
      );
      return sum / terms.length / ((terms.length - revealed) / terms.length);
    };
    assert.ok(Math.abs(whole.loss - lossWith(values)) < 1e-5, `${whole.loss} is not ${lossWith(values)}`);
    assertGradients(whole.gradients, values, lossWith, 2);
    for (const [parameter, gradient] of whole.gradients) {
      gradient.forEach((value, i) => {
        assert.ok(Math.abs(value - parts.gradients.get(parameter)![i]) < 1e-5, parameter);
      });
    }
  });
}

/** Every choice is the one of the brute force over its state. */
function assertFactorRule(
  { targets, planned }: ReturnType<ReturnType<typeof planner.rows>['forced']>,
  predictions: readonly { confidence: number }[],
  firstIsCertain: boolean,
): void {
  let before = 0;
  for (const { rows, eligible } of planned!) {
    const members = [...targets.keys()].filter((i) => {
      const { decider } = targets[i].choice!;
      return decider! >= before && decider! < before + rows.length;
    });
    assert.deepEqual(
      members.map((i) => targets[i].choice!.decider! - before),
      [...eligible.keys()].filter((place) => eligible[place]),
    );
    const masked = members.map((i) => ({
      position: i,
      probability: firstIsCertain && i === members[0] ? 1 : predictions[i].confidence,
      entropy: 0,
    }));
    assert.deepEqual(
      members.filter((i) => targets[i].choice!.chosen),
      bruteForceReveal(masked, 1, { policy: 'factor', threshold: 1 }),
    );
    before += rows.length;
  }
}
