import type { Step } from '../../server/protocol.ts';

/**
 * Steps of the completion that is being written. However fast they come, they are handed on at most once a frame, all
 * that have arrived together.
 */
export class LiveSteps {
  private readonly onFrame: (steps: Step[]) => void;
  private readonly schedule: (callback: () => void) => void;
  private request: number | undefined;
  private waiting: Step[] = [];

  /** `schedule` calls back at the next frame. */
  constructor(onFrame: (steps: Step[]) => void, schedule: (callback: () => void) => void) {
    this.onFrame = onFrame;
    this.schedule = schedule;
  }

  /** From now on only the steps of this request count. */
  begin(request: number | undefined): void {
    this.request = request;
    this.waiting = [];
  }

  /** Steps of a request whose beginning was not seen, or after a gap, cannot be drawn. */
  add(request: number, step: Step): void {
    if (request !== this.request) return;
    this.waiting.push(step);
    if (this.waiting.length > 1) return;
    this.schedule(() => {
      const steps = this.waiting;
      this.waiting = [];
      if (steps.length > 0) this.onFrame(steps);
    });
  }
}
