import type { Step, Trajectory } from '../protocol.ts';
import type { EngineHooks } from './engine.ts';

interface OpenRequest {
  /** Undefined once it is answered: a cancelled request stays open until the engine has left it. */
  answer: ((trajectory: Trajectory | null) => void) | undefined;
  onStep: EngineHooks['onStep'];
}

/** The requests an engine process has not finished with, by id. */
export class OpenRequests {
  private readonly requests = new Map<number, OpenRequest>();
  private lastId = 0;

  /** Requests the process still works on or will. */
  get count(): number {
    return this.requests.size;
  }

  open(onStep: EngineHooks['onStep']): { id: number; answer: Promise<Trajectory | null> } {
    this.lastId++;
    const id = this.lastId;
    const answer = new Promise<Trajectory | null>((resolve) => {
      this.requests.set(id, { answer: resolve, onStep });
    });
    return { id, answer };
  }

  step(id: number, step: Step): void {
    const request = this.requests.get(id);
    if (request?.answer) request.onStep?.(step);
  }

  /** Answers null at once; true if the process has to be told. */
  cancel(id: number): boolean {
    const request = this.requests.get(id);
    if (!request?.answer) return false;
    request.answer(null);
    request.answer = undefined;
    return true;
  }

  /** The process has left the request. */
  close(id: number, trajectory: Trajectory | null): void {
    this.requests.get(id)?.answer?.(trajectory);
    this.requests.delete(id);
  }

  /** The process has gone. */
  closeAll(): void {
    for (const id of [...this.requests.keys()]) this.close(id, null);
  }
}
