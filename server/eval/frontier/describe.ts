import type { Estimate, Frontier, FrontierPoint } from '../../protocol.ts';

/** What accuracy means, for people. */
export const ACCURACY_WORDS = { passAt1: 'pass@1', exactMatch: 'exact match' } as const;

/** A frontier for people: a paragraph a curve, a line a point. Intervals are of 95 %. */
export function describeFrontier(frontier: Frontier): string {
  const { suite, model, tasks, samples, accuracy, bestAccuracy, curves } = frontier;
  const head =
    `${suite}, ${model}: ${tasks} tasks${samples > 1 ? `, ${samples} samples each` : ''}, ` +
    `accuracy by ${ACCURACY_WORDS[accuracy]}, y_max ${bestAccuracy.toFixed(1)} %`;
  return [
    head,
    ...curves.flatMap(({ name, aup, points }) => [
      `${name}: AUP ${words(aup.denoise)} denoising, ${words(aup.total)} all calls`,
      ...points.map(describePoint),
    ]),
  ].join('\n');
}

function describePoint({ label, accuracy, tpf, tokensPerSecond }: FrontierPoint): string {
  return [
    `  ${label === '' ? 'as it is' : label}`,
    `${words(accuracy, 1)} %`,
    `TPF ${words(tpf.denoise)} denoising, ${words(tpf.total)} all calls`,
    ...(tokensPerSecond ? [`${words(tokensPerSecond, 0)} tokens/s`] : []),
  ].join(' · ');
}

function words({ value, interval }: Estimate, digits = 2): string {
  return `${value.toFixed(digits)} (${interval.map((end) => end.toFixed(digits)).join('–')})`;
}
