import type { BeginParams, EndParams, StepParams, Trajectory } from '../protocol.ts';
import { type CompletionEngine, engineRequest, type Task } from './completion.ts';
import { type DocumentChange, InFlight } from './inflight.ts';

export interface FlightHooks {
  /** Candidates to record with every token; 0 for none. */
  candidates(): number;
  onBegin(params: BeginParams): void;
  onStep(params: StepParams): void;
  onEnd(params: EndParams): void;
  /** A defect: the request is answered with null. */
  onError(error: Error): void;
}

/** At most one request at the model; a new one ends the one before. */
export class SingleFlight {
  private readonly engine: CompletionEngine;
  private readonly hooks: FlightHooks;
  private flight: InFlight | undefined;
  private started = 0;

  constructor(engine: CompletionEngine, hooks: FlightHooks) {
    this.engine = engine;
    this.hooks = hooks;
  }

  get current(): InFlight | undefined {
    return this.flight;
  }

  /** Sends a task to the model; `keep` gets the answer before the flight is done. */
  start(uri: string, task: Task, keep: (trajectory: Trajectory) => void): InFlight {
    this.abort();
    const request = ++this.started;
    this.flight = new InFlight(uri, task, async (flight) => {
      try {
        const asked = engineRequest(task, this.hooks.candidates());
        this.hooks.onBegin({ request, prompt: asked.prompt });
        const trajectory = await this.engine.complete(asked, {
          signal: flight.signal,
          onStep: (step) => {
            flight.onStep(step);
            this.hooks.onStep({ request, step });
          },
        });
        if (trajectory) keep(trajectory);
        this.hooks.onEnd({ request, trajectory: trajectory ?? undefined });
      } catch (error) {
        this.hooks.onError(error as Error);
      }
      if (this.flight === flight) this.flight = undefined;
    });
    return this.flight;
  }

  abort(): void {
    this.flight?.abort();
  }

  /** A running request that the document contradicts is ended. */
  onChange(uri: string, changes: readonly DocumentChange[]): void {
    const { flight } = this;
    if (flight?.uri !== uri) return;
    for (const change of changes) flight.onChange(change);
    if (!flight.typedAlong) flight.abort();
  }

  onClose(uri: string): void {
    if (this.flight?.uri === uri) this.flight.abort();
  }
}
