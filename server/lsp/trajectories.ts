import type { Connection } from 'vscode-languageserver/node';
import type { FlightHooks } from '../completion/single-flight.ts';
import {
  type LastTrajectoryResult,
  METHODS,
  type Step,
  type StepParams,
  type Trajectory,
} from '../protocol.ts';

const KEPT = 20;
/** Alternatives recorded with every token while somebody watches. */
const CANDIDATES = 5;

/** Remembers how the last completions were written, and tells a client that watches of every step. */
export class Trajectories implements FlightHooks {
  private readonly connection: Connection;
  private kept: Trajectory[] = [];
  private watched = false;

  constructor(connection: Connection) {
    this.connection = connection;
    connection.onRequest(METHODS.lastTrajectory, (): LastTrajectoryResult => this.last ?? null);
    connection.onRequest(METHODS.watch, ({ on }: { on: boolean }) => {
      this.watched = on;
      return null;
    });
  }

  get last(): Trajectory | undefined {
    return this.kept.at(-1);
  }

  candidates(): number {
    return this.watched ? CANDIDATES : 0;
  }

  onStep(request: number, step: Step): void {
    if (!this.watched) return;
    void this.connection.sendNotification(METHODS.step, { request, step } satisfies StepParams);
  }

  onTrajectory(trajectory: Trajectory): void {
    this.kept = [...this.kept, trajectory].slice(-KEPT);
  }

  onError(error: Error): void {
    this.connection.console.error(`Completion failed: ${error.stack}`);
  }

  clear(): void {
    this.kept = [];
  }
}
