import type { Interval } from './bootstrap.ts';
import type { EvalPoint, EvalReport } from './report.ts';

/** A report for people: a line for each point, then the accuracy under parallelism. Intervals are of 95 %. */
export function describeReport(title: string, report: EvalReport): string {
  const { tasks, samples, accuracy } = report;
  const head = `${title}: ${tasks} tasks${samples > 1 ? `, ${samples} samples each` : ''}`;
  const area = `AUP ${decimal(report.aup)} ${interval(report.aupInterval, decimal)}, accuracy by ${accuracy}`;
  return [head, ...report.points.map(describePoint), area].join('\n');
}

function describePoint(point: EvalPoint): string {
  const { intervals, passAtK, tpf, tpfMeanOfRatios } = point;
  const share = (name: string, value: number, range: Interval) =>
    Number.isNaN(value) ? [] : [`${name} ${percent(value)} % ${interval(range, percent)}`];
  const passes = Object.entries(passAtK).filter(([k, value]) => k !== '1' && !Number.isNaN(value));
  const acceptance = point.acceptance.map(({ checked, agreed }) => decimal(agreed / checked));
  return [
    `  threshold ${point.threshold}`,
    ...share('pass@1', point.passAt1, intervals.passAt1),
    ...passes.map(([k, value]) => `pass@${k} ${percent(value)} %`),
    ...share('exact', point.exactMatch, intervals.exactMatch),
    ...share('similarity', point.editSimilarity, intervals.editSimilarity),
    `TPF ${decimal(tpf.denoise)} ${interval(intervals.tpfDenoise, decimal)} denoising, ${decimal(tpf.total)} all calls` +
      ` (mean of ratios ${decimal(tpfMeanOfRatios.denoise)}, ${decimal(tpfMeanOfRatios.total)})`,
    ...(acceptance.length > 0 ? [`proposals that stand ${acceptance.join(' ')}`] : []),
    `${point.tokensPerSecond.toFixed(0)} tokens/s`,
  ].join(' · ');
}

function interval([low, high]: Interval, format: (value: number) => string): string {
  return `(${format(low)}–${format(high)})`;
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}

function decimal(value: number): string {
  return value.toFixed(2);
}
