import type { Engine } from '../engine/engine.ts';
import { CompletionCache } from './cache.ts';
import { type Clock, untilAborted } from './clock.ts';
import { polish, prepare, present, type Task } from './completion.ts';
import { Debouncer } from './debounce.ts';
import { LatencyTracker } from './latency.ts';
import type { Completion, CompletionRequest, CompletionSettings } from './request.ts';
import type { SingleFlight } from './single-flight.ts';

/** Text that comes later than this after the key that asked for it disturbs. Milliseconds. */
const DEADLINE = 1000;

/** Less than a forward takes. Milliseconds. */
const CANCEL_GRACE = 5;

/** A completion for the editor. The id stays the same while the user types along. */
export interface Offer extends Completion {
  id: string;
}

/**
 * Completion for somebody who types: the pipeline of completion.ts with a cache before it, a wait for the next key,
 * and only the latest request at the model. Whatever a newer request or a cancellation overtakes is null.
 */
export class Completer {
  readonly latency = new LatencyTracker();
  /** Requests that passed the prefilter, and how many of them needed no forward of their own. */
  readonly counts = { requests: 0, withoutForward: 0 };
  private readonly cache = new CompletionCache();
  private readonly debouncer = new Debouncer();
  private readonly flights: SingleFlight;
  private readonly engine: Pick<Engine, 'state'>;
  private readonly clock: Clock;
  private turn = new AbortController();

  constructor(flights: SingleFlight, engine: Pick<Engine, 'state'>, clock: Clock) {
    this.flights = flights;
    this.engine = engine;
    this.clock = clock;
  }

  /** The completion to show, or null. `cancelled` is the editor's own cancellation. */
  async request(
    request: CompletionRequest,
    settings: CompletionSettings,
    cancelled: AbortSignal,
  ): Promise<Offer | null> {
    const turn = this.takeTurn();
    this.debouncer.record(this.clock.now());
    const task = prepare(request, settings);
    if (typeof task === 'string') {
      this.flights.abort();
      return null;
    }
    this.counts.requests++;
    const onCancel = () => void this.onCancel(turn);
    if (cancelled.aborted) onCancel();
    cancelled.addEventListener('abort', onCancel, { once: true });
    const late = new AbortController();
    if (!task.manual && this.loaded) {
      void this.clock.sleep(DEADLINE, late.signal).then(() => this.onDeadline(turn, late.signal));
    }
    try {
      return await this.answer(request.uri, task, turn.signal);
    } finally {
      late.abort();
      cancelled.removeEventListener('abort', onCancel);
    }
  }

  /** Ends what waits and what runs, without an answer. */
  cancel(): void {
    this.takeTurn();
    this.flights.abort();
  }

  /** Forgets all answers: the settings or the model have changed. */
  forget(): void {
    this.cancel();
    this.cache.clear();
  }

  private async answer(uri: string, task: Task, turn: AbortSignal): Promise<Offer | null> {
    const known = this.take(task);
    if (known !== undefined) {
      this.counts.withoutForward++;
      return known;
    }
    const running = this.flights.current;
    if (running?.serves(task)) {
      await untilAborted(running.done, turn);
      const shared = turn.aborted ? null : this.take(task);
      if (shared) this.counts.withoutForward++;
      if (shared !== undefined) return shared;
    } else {
      this.flights.abort();
      await this.waitForNextKey(task, turn);
    }
    if (turn.aborted) return null;
    return this.ask(uri, task, turn);
  }

  private async waitForNextKey({ manual, context }: Task, turn: AbortSignal): Promise<void> {
    if (manual) return;
    await this.clock.sleep(this.debouncer.delay(context, this.latency.median ?? 0), turn);
  }

  private async ask(uri: string, task: Task, turn: AbortSignal): Promise<Offer | null> {
    const started = this.loaded ? this.clock.now() : undefined;
    const flight = this.flights.start(uri, task, (trajectory) =>
      this.cache.store(task, polish(task, trajectory)),
    );
    await untilAborted(flight.done, turn);
    if (turn.aborted) return null;
    // What is asked for by hand may take longer, and says nothing of how long typing waits.
    if (started !== undefined && !task.manual) this.latency.record(this.clock.now() - started);
    return this.take(task) ?? null;
  }

  /** While the model is loaded, which takes longer than any forward, the first answer is waited for. */
  private get loaded(): boolean {
    return this.engine.state.kind === 'ready' || this.engine.state.kind === 'busy';
  }

  /** What the cache holds for a task: an offer, null for nothing worth showing, undefined for nothing known. */
  private take(task: Task): Offer | null | undefined {
    const hit = this.cache.find(task);
    if (!hit) return undefined;
    const completion = hit.answer && present(task, hit.answer);
    return completion && { ...completion, id: hit.id };
  }

  private takeTurn(): AbortController {
    this.turn.abort();
    this.turn = new AbortController();
    return this.turn;
  }

  /**
   * An editor cancels whenever a key is typed, and its cancellation may overtake the change of the document: only a
   * moment later one can tell whether to stop the model.
   */
  private async onCancel(turn: AbortController): Promise<void> {
    const running = this.flights.current;
    turn.abort();
    await this.clock.sleep(CANCEL_GRACE, new AbortController().signal);
    if (this.turn === turn && running && !running.typedAlong) running.abort();
  }

  /** The answer still goes to the cache, for a user who types along. */
  private onDeadline(turn: AbortController, answered: AbortSignal): void {
    if (answered.aborted) return;
    if (!turn.signal.aborted) this.latency.recordLate();
    turn.abort();
  }
}
