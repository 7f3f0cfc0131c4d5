/** Why no completions are given at the moment, if so. */
export class Pause {
  private readonly listeners: (() => void)[] = [];
  private current: string | undefined;

  get reason(): string | undefined {
    return this.current;
  }

  set reason(reason: string | undefined) {
    this.current = reason;
    for (const listener of this.listeners) listener();
  }

  onDidChange(listener: () => void): void {
    this.listeners.push(listener);
  }
}
