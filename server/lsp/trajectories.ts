import type { Connection } from 'vscode-languageserver/node';
import type { FlightHooks } from '../completion/single-flight.ts';
import {
  type BeginParams,
  type EndParams,
  type LastTrajectoryResult,
  METHODS,
  type StepParams,
  type TrajectoriesResult,
  type Trajectory,
} from '../protocol.ts';

const KEPT = 20;
/** Alternatives recorded with every token while somebody watches. */
const CANDIDATES = 5;

/** Remembers how the last completions were written, and tells a client that watches how the present one is. */
export class Trajectories implements FlightHooks {
  private readonly connection: Connection;
  private kept: Trajectory[] = [];
  private watched = false;

  constructor(connection: Connection) {
    this.connection = connection;
    connection.onRequest(METHODS.lastTrajectory, (): LastTrajectoryResult => this.last ?? null);
    connection.onRequest(METHODS.trajectories, (): TrajectoriesResult => this.kept.toReversed());
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

  onBegin(params: BeginParams): void {
    this.tell(METHODS.begin, params);
  }

  onStep(params: StepParams): void {
    this.tell(METHODS.step, params);
  }

  onEnd(params: EndParams): void {
    if (params.trajectory) this.kept = [...this.kept, params.trajectory].slice(-KEPT);
    this.tell(METHODS.end, params);
  }

  onError(error: Error): void {
    this.connection.console.error(`Completion failed: ${error.stack}`);
  }

  clear(): void {
    this.kept = [];
  }

  private tell(method: string, params: BeginParams | StepParams | EndParams): void {
    if (this.watched) void this.connection.sendNotification(method, params);
  }
}
