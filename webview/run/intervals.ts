import type uPlot from 'uplot';

export type Interval = [low: number, high: number];

/** Draws the intervals of a plot's lines as bars, each line's in its own colour. */
export function drawIntervals(plot: uPlot, lines: readonly { intervals?: (Interval | null)[] }[]): void {
  const { ctx, data } = plot;
  ctx.save();
  ctx.setLineDash([]);
  for (const [i, { intervals = [] }] of lines.entries()) {
    // Series 0 is the axis.
    const series = plot.series[i + 1];
    if (!series.show) continue;
    ctx.strokeStyle = (series.stroke as () => string)();
    ctx.beginPath();
    for (const [j, interval] of intervals.entries()) {
      if (!interval) continue;
      const x = plot.valToPos(data[0][j], 'x', true);
      ctx.moveTo(x, plot.valToPos(interval[0], 'y', true));
      ctx.lineTo(x, plot.valToPos(interval[1], 'y', true));
    }
    ctx.stroke();
  }
  ctx.restore();
}
