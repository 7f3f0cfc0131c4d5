import type { FromRunPage, Frontier, ToRunPage } from '../../server/protocol.ts';
import { button } from '../controls.ts';
import { element } from '../dom.ts';
import type { Host } from '../host.ts';
import { accuracyUnderParallelism, lastPoints } from './frontier.ts';
import { frontierPlots, frontierTable, frontierWords } from './frontier-view.ts';
import { plotNode } from './plot.ts';
import { type RunData, updated } from './run-data.ts';
import { sampleTable } from './sample-table.ts';
import { alignSeries, plotsOf, seriesOf } from './series.ts';

/** The folders that are shown, kept over a reload. */
export interface RunPageState {
  runs: string[];
}

export type RunHost = Host<ToRunPage, FromRunPage, RunPageState>;

/** One run or several on the same axes, all from the runs' folders; or a saved frontier. */
export class RunPage {
  private readonly host: RunHost;
  private readonly heading = element('h1', {}, 'Unmask');
  private readonly actions: HTMLElement;
  private readonly states = element('ul', { class: 'states' });
  private readonly plots = element('div', { class: 'plots' });
  private readonly tables = element('div', {});
  private readonly problem = element('p', { class: 'problem', role: 'alert' });
  private runs: RunData[] = [];
  /** The samples that the tables show, by run. */
  private tabled: readonly RunData['samples'][] = [];
  private frontier: Frontier | undefined;
  private scheduled = false;

  constructor(host: RunHost, root: HTMLElement) {
    this.host = host;
    this.problem.hidden = true;
    // What is shown is not known before it comes.
    this.actions = element(
      'div',
      { class: 'actions', hidden: true },
      button('Compare With Another Run…', () => host.post({ type: 'compare' })),
    );
    const main = element(
      'main',
      {},
      this.heading,
      this.states,
      this.problem,
      this.actions,
      this.plots,
      this.tables,
    );
    root.append(main);
    window.addEventListener('resize', () => this.schedule());
  }

  receive(message: ToRunPage): void {
    this.problem.textContent = message.type === 'problem' ? message.message : '';
    this.problem.hidden = message.type !== 'problem';
    if (message.type === 'frontier') {
      this.frontier = message.frontier;
      this.schedule();
    }
    if (message.type !== 'update') return;
    this.runs = updated(this.runs, message);
    this.host.remember({ runs: this.runs.map(({ run }) => run) });
    this.schedule();
  }

  /** Draws at the next frame, however many updates have come by then. */
  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.draw();
    });
  }

  private draw(): void {
    if (this.frontier) {
      this.drawFrontier(this.frontier);
      return;
    }
    this.heading.textContent = 'Training run';
    this.actions.hidden = false;
    this.states.replaceChildren(...this.runs.map((run) => element('li', {}, stateWords(run))));
    this.plots.replaceChildren(...this.metricPlots(), ...this.frontierPlot());
    this.drawTables();
  }

  /** Leaves the tables alone while no sample comes: what the user has opened in them stays open. */
  private drawTables(): void {
    const samples = this.runs.map((run) => run.samples);
    if (samples.length === this.tabled.length && samples.every((list, i) => list === this.tabled[i])) return;
    this.tabled = samples;
    this.tables.replaceChildren(
      ...this.runs
        .filter(({ samples }) => samples.length > 0)
        .map(({ run, name, samples }) =>
          sampleTable(name, samples, (file) => this.host.post({ type: 'openTrace', run, file })),
        ),
    );
  }

  private drawFrontier(frontier: Frontier): void {
    this.heading.textContent = 'Frontier';
    this.states.replaceChildren(element('li', {}, frontierWords(frontier)));
    this.plots.replaceChildren(...frontierPlots(frontier, this.width));
    this.tables.replaceChildren(frontierTable(frontier));
  }

  private metricPlots(): HTMLElement[] {
    const all = this.runs.map(({ name, metrics }) => ({ name, series: seriesOf(metrics) }));
    const names = [...new Set(all.flatMap(({ series }) => [...series.keys()]))];
    return plotsOf(names).map((plot) => {
      const lines = plot.names.flatMap((figure) =>
        all.flatMap(({ name, series }) => {
          const found = series.get(figure);
          return found ? [{ label: this.runs.length > 1 ? `${name}: ${figure}` : figure, found }] : [];
        }),
      );
      const { steps, columns } = alignSeries(lines.map(({ found }) => found));
      const drawn = lines.map(({ label }, i) => ({ label, values: columns[i] }));
      return plotNode(plot.title, 'step', steps, drawn, this.width);
    });
  }

  private frontierPlot(): HTMLElement[] {
    const all = this.runs
      .map(({ name, metrics }) => ({ name, points: lastPoints(metrics) }))
      .filter(({ points }) => points.length > 0);
    if (all.length === 0) return [];
    const best = Math.max(...all.flatMap(({ points }) => points.map(({ accuracy }) => accuracy)));
    const series = all.map(({ points }) => ({
      steps: points.map(({ tpf }) => tpf),
      values: points.map(({ accuracy }) => accuracy),
    }));
    const { steps, columns } = alignSeries(series);
    const lines = all.map(({ name, points }, i) => ({
      label: `${name}: accuracy, AUP ${accuracyUnderParallelism(points, best).toFixed(1)}`,
      values: columns[i],
    }));
    return [plotNode('Accuracy against tokens per forward', 'TPF', steps, lines, this.width, true)];
  }

  /** One column on a narrow page, two on a wide one. */
  private get width(): number {
    const all = this.plots.clientWidth;
    return Math.max(240, all < 800 ? all : Math.floor((all - 24) / 2));
  }
}

function stateWords({ name, state, metrics }: RunData): string {
  const status = typeof state?.status === 'string' ? state.status : 'no state yet';
  const steps = typeof state?.steps === 'number' ? ` of ${state.steps}` : '';
  const step = metrics.at(-1)?.step ?? state?.step;
  const reason = typeof state?.reason === 'string' ? ` (${state.reason})` : '';
  return `${name}: ${status}${reason}${step === undefined ? '' : `, step ${step}${steps}`}`;
}
