import type { Engine } from '../engine/engine.ts';
import type { Step, Trajectory } from '../protocol.ts';
import { CompletionCache } from './cache.ts';
import { type Clock, untilAborted } from './clock.ts';
import { engineRequest, polish, prepare, present, type Task } from './completion.ts';
import { Debouncer } from './debounce.ts';
import { type DocumentChange, InFlight } from './inflight.ts';
import { LatencyTracker } from './latency.ts';
import type { Completion, CompletionRequest, CompletionSettings } from './request.ts';

/** Text that comes later than this after the key that asked for it disturbs. Milliseconds. */
const DEADLINE = 1000;

/** Less than a forward takes. Milliseconds. */
const CANCEL_GRACE = 5;

/** A completion for the editor. The id stays the same while the user types along. */
export interface Offer extends Completion {
  id: string;
}

export interface CompleterHooks {
  /** Candidates to record with every token; 0 for none. */
  candidates(): number;
  onStep(request: number, step: Step): void;
  onTrajectory(trajectory: Trajectory): void;
}

/**
 * Completion for somebody who types: the pipeline of completion.ts with a cache before it, a wait for the next key,
 * and at most one request at the model, the latest. Whatever a newer request or a cancellation overtakes is null.
 */
export class Completer {
  readonly latency = new LatencyTracker();
  /** Requests that passed the prefilter, and how many of them needed no forward of their own. */
  readonly counts = { requests: 0, withoutForward: 0 };
  private readonly cache = new CompletionCache();
  private readonly debouncer = new Debouncer();
  private readonly engine: Pick<Engine, 'complete' | 'state'>;
  private readonly clock: Clock;
  private readonly hooks: CompleterHooks;
  private flight: InFlight | undefined;
  private turn = new AbortController();
  private flights = 0;

  constructor(engine: Pick<Engine, 'complete' | 'state'>, clock: Clock, hooks: CompleterHooks) {
    this.engine = engine;
    this.clock = clock;
    this.hooks = hooks;
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
      this.flight?.abort();
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
      return await this.answer(request, task, turn.signal);
    } finally {
      late.abort();
      cancelled.removeEventListener('abort', onCancel);
    }
  }

  /** Follows the documents: a running request that they contradict is ended. */
  onChange(uri: string, changes: readonly DocumentChange[]): void {
    if (this.flight?.uri !== uri) return;
    for (const change of changes) this.flight.onChange(change);
    if (!this.flight.typedAlong) this.flight.abort();
  }

  onClose(uri: string): void {
    if (this.flight?.uri === uri) this.flight.abort();
  }

  /** Ends what waits and what runs, without an answer. */
  cancel(): void {
    this.takeTurn();
    this.flight?.abort();
  }

  /** Forgets all answers: the settings or the model have changed. */
  forget(): void {
    this.cancel();
    this.cache.clear();
  }

  private async answer(request: CompletionRequest, task: Task, turn: AbortSignal) {
    const immediate = this.take(task);
    if (immediate !== undefined) {
      this.counts.withoutForward++;
      return immediate;
    }
    if (this.flight?.serves(task)) {
      await untilAborted(this.flight.done, turn);
      const shared = turn.aborted ? null : this.take(task);
      if (shared !== undefined) {
        if (shared) this.counts.withoutForward++;
        return shared;
      }
    } else {
      this.flight?.abort();
      if (!task.manual) {
        await this.clock.sleep(this.debouncer.delay(task.context, this.latency.median ?? 0), turn);
      }
    }
    if (turn.aborted) return null;
    const started = this.loaded ? this.clock.now() : undefined;
    const flight = this.start(request.uri, task);
    await untilAborted(flight.done, turn);
    if (turn.aborted) return null;
    if (started !== undefined) this.latency.record(this.clock.now() - started);
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

  private start(uri: string, task: Task): InFlight {
    const number = ++this.flights;
    this.flight = new InFlight(uri, task, async (flight) => {
      const trajectory = await this.engine.complete(engineRequest(task, this.hooks.candidates()), {
        signal: flight.signal,
        onStep: (step) => {
          flight.onStep(step);
          this.hooks.onStep(number, step);
        },
      });
      if (this.flight === flight) this.flight = undefined;
      if (!trajectory) return;
      this.cache.store(task, polish(task, trajectory));
      this.hooks.onTrajectory(trajectory);
    });
    return this.flight;
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
    const { flight } = this;
    turn.abort();
    await this.clock.sleep(CANCEL_GRACE, new AbortController().signal);
    if (this.turn === turn && flight && !flight.typedAlong) flight.abort();
  }

  /** The answer still goes to the cache, for a user who types along. */
  private onDeadline(turn: AbortController, answered: AbortSignal): void {
    if (answered.aborted) return;
    if (!turn.signal.aborted) this.latency.recordLate();
    turn.abort();
  }
}
