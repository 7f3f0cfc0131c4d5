import type {
  BeginParams,
  DecodeSettings,
  FromTracePage,
  NamedTrajectory,
  Step,
  ToTracePage,
} from '../../server/protocol.ts';
import { button } from '../controls.ts';
import { element } from '../dom.ts';
import type { Host } from '../host.ts';
import { type KeyPlace, keyAction } from './keys.ts';
import { legend } from './legend.ts';
import { LiveSteps } from './live.ts';
import { Player } from './player.ts';
import { type TracePageState, worthRemembering } from './state.ts';
import { StatusLine } from './status-line.ts';
import { type Tick, timeline } from './timeline.ts';
import { TraceView } from './trace-view.ts';
import { TryForm } from './try-form.ts';

export type TraceHost = Host<ToTracePage, FromTracePage, TracePageState>;

/** One trace, or two on one clock, with everything that can be done with them. */
export class TracePage {
  private readonly host: TraceHost;
  private readonly status = new StatusLine();
  private readonly player: Player;
  private readonly form: TryForm;
  private readonly live: LiveSteps;
  private readonly columns = element('div', { class: 'columns' });
  private traces: NamedTrajectory[] = [];
  private views: TraceView[] = [];

  constructor(host: TraceHost, root: HTMLElement) {
    this.host = host;
    this.player = new Player(
      (tick) => this.draw(tick),
      () => this.rest(),
    );
    this.form = new TryForm((settings, beside) => this.tryAgain(settings, beside));
    this.live = new LiveSteps((steps) => this.grow(steps), requestAnimationFrame.bind(window));
    const actions = element(
      'div',
      { class: 'actions' },
      button('Compare…', () => host.post({ type: 'compare' })),
      button('Save Trace…', () => this.save()),
    );
    root.append(
      element(
        'main',
        {},
        element('h1', { class: 'spoken' }, 'How a completion was written'),
        element('div', { class: 'clock' }, this.player.node, this.status.node),
        legend(),
        this.columns,
        actions,
        this.form.node,
      ),
    );
    document.addEventListener('keydown', (event) => this.onKey(event));
    for (const event of ['scroll', 'resize']) {
      window.addEventListener(event, () => {
        for (const { grid } of this.views) grid.drawOnScreen();
      });
    }
    this.show(host.remembered?.traces ?? [], host.remembered?.tick);
  }

  receive(message: ToTracePage): void {
    this.status.setProblem(message.type === 'problem' ? message.message : '');
    switch (message.type) {
      case 'show':
        this.show([{ name: message.name, trajectory: message.trajectory }]);
        break;
      case 'beside':
        this.show([...this.traces.slice(0, 1), { name: message.name, trajectory: message.trajectory }]);
        break;
      case 'begin':
        this.begin(message);
        break;
      case 'step':
        this.live.add(message.request, message.step);
        break;
      case 'end':
        // Cancelled: what was there before is worth more than half a completion.
        this.show(this.traces);
        break;
    }
  }

  private show(traces: NamedTrajectory[], tick?: number): void {
    this.live.begin(undefined);
    // The host shows the document again after a reload: the place in it stays.
    const same = JSON.stringify(traces) === JSON.stringify(this.traces);
    const stay = same && this.traces.length > 0 ? this.player.position : tick;
    this.traces = traces;
    this.setViews(traces.map(({ name }) => name));
    for (const [i, { trajectory }] of traces.entries()) this.views[i].setTrajectory(trajectory);
    this.player.setTicks(timeline(this.views.map(({ history }) => history.steps)), stay);
    const first = traces[0]?.trajectory;
    if (first?.prompt) this.form.setSettings(first.settings);
    else this.form.hide();
    this.rest();
  }

  /** A completion is being written: it takes the place of everything else until it has ended. */
  private begin({ request, prompt }: BeginParams): void {
    this.live.begin(request);
    this.setViews(['The completion being written']);
    this.views[0].begin(prompt);
    this.form.hide();
  }

  private grow(steps: Step[]): void {
    this.views[0].append(steps);
    this.player.setTicks(timeline([this.views[0].history.steps]));
  }

  private setViews(names: string[]): void {
    this.views = names.map((name, i) => new TraceView(name, { onSeek: (shown) => this.seek(i, shown) }));
    this.columns.replaceChildren(...this.views.map(({ node }) => node));
    this.columns.classList.toggle('two', this.views.length > 1);
  }

  private draw({ shown, time }: Tick): void {
    for (const [i, view] of this.views.entries()) view.draw(shown[i]);
    this.status.draw(this.views, shown, time);
  }

  /** The clock stands: now the place is worth telling and remembering. */
  private rest(): void {
    for (const { grid } of this.views) grid.tell();
    this.status.announce();
    const state = { traces: this.traces, tick: this.player.position };
    if (this.traces.length > 0) this.host.remember(worthRemembering(state));
  }

  /** Goes to where one of the traces has made so many steps. */
  private seek(view: number, shown: number): void {
    const ticks = timeline(this.views.map(({ history }) => history.steps));
    this.player.seek(ticks.findIndex((tick) => tick.shown[view] >= shown));
    this.rest();
  }

  private save(): void {
    if (this.traces[0]) this.host.post({ type: 'save', ...this.traces[0] });
  }

  private tryAgain(settings: Partial<DecodeSettings>, beside: boolean): void {
    const prompt = this.traces[0]?.trajectory.prompt;
    if (prompt) this.host.post({ type: 'try', beside, prompt, settings });
  }

  private onKey(event: KeyboardEvent): void {
    const { target } = event;
    const view = this.views.find(({ grid }) => grid.positionOf(target) !== undefined);
    const action = keyAction(event, view ? 'token' : placeOf(target));
    if (!action) return;
    const position = view?.grid.positionOf(target);
    const fixed = position === undefined ? undefined : view?.history.fixedAt(position);
    if (action === 'goToToken' && view && fixed !== undefined) this.seek(this.views.indexOf(view), fixed + 1);
    else if (!view?.grid.move(action) && !this.player.act(action)) return;
    event.preventDefault();
  }
}

/** The slider moves by the page's keys; every other control keeps its own. */
function placeOf(target: EventTarget | null): KeyPlace {
  if (!(target instanceof HTMLElement) || target === document.body) return 'page';
  return target.classList.contains('scrubber') ? 'page' : 'control';
}
