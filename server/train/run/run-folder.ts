import { appendFileSync, existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../../errors.ts';
import { fileProblem, replaceFile } from '../../files.ts';
import type { DocumentFile } from '../data/document.ts';

export type RunStatus = 'running' | 'stopped' | 'failed' | 'done';

/** What a run is doing, as state.json has it. */
export interface RunState {
  status: RunStatus;
  pid: number;
  /** Steps done. */
  step: number;
  steps: number;
  /** Why it stopped or failed. */
  reason?: string;
}

const FILES = {
  config: 'config.json',
  data: 'data.json',
  metrics: 'metrics.jsonl',
  samples: 'samples.jsonl',
  state: 'state.json',
  log: 'log.txt',
  /** Its presence asks the trainer to stop after the step. */
  stop: 'stop',
} as const;

/** The folder of one run. Everything that is shown of a run is read from it. */
export class RunFolder {
  readonly dir: string;

  constructor(dir: string) {
    this.dir = path.resolve(dir);
  }

  /** Makes the folder of a new run. Throws UserError where there is a run already. */
  static async create(dir: string, config: unknown): Promise<RunFolder> {
    const run = new RunFolder(dir);
    if (existsSync(run.#file('config'))) {
      throw new UserError(`${dir} holds a run already: go on with it by --resume, or use another folder.`);
    }
    await mkdir(run.dir, { recursive: true }).catch((error: Error) => {
      throw new UserError(`${dir} cannot be made: ${fileProblem(error)}.`);
    });
    await replaceFile(run.#file('config'), `${JSON.stringify(config, null, 2)}\n`);
    return run;
  }

  /** Throws UserError where the folder has no run. */
  static async open(dir: string): Promise<RunFolder> {
    const run = new RunFolder(dir);
    if (!existsSync(run.#file('config'))) throw new UserError(`${dir} is not a run: it has no config.json.`);
    return run;
  }

  async config(): Promise<Record<string, unknown>> {
    return this.#json('config');
  }

  /**
   * Notes what the run learns from, or checks that it is still the same: otherwise a resumed run would not go on as it
   * would have. Throws UserError where it is not.
   */
  async fixData(files: readonly Omit<DocumentFile, 'read'>[]): Promise<void> {
    const data = files.map(({ file, bytes, hash, licence, count, dropped }) => {
      return { file, bytes, hash, licence, count, dropped };
    });
    const text = `${JSON.stringify(data, null, 1)}\n`;
    if (!existsSync(this.#file('data'))) {
      await replaceFile(this.#file('data'), text);
    } else if ((await readFile(this.#file('data'), 'utf8')) !== text) {
      throw new UserError(
        `the data of ${this.dir} has changed since it began, see ${FILES.data}: put it back, or start a new run.`,
      );
    }
  }

  async state(): Promise<RunState | undefined> {
    return existsSync(this.#file('state')) ? ((await this.#json('state')) as unknown as RunState) : undefined;
  }

  async setState(state: RunState): Promise<void> {
    await replaceFile(this.#file('state'), `${JSON.stringify(state, null, 2)}\n`);
  }

  /** Rows of metrics.jsonl; a last line that was cut off is left out. */
  metrics(): Promise<Record<string, unknown>[]> {
    return this.#rows('metrics');
  }

  /** Appends one row. Throws UserError where the disk does not take it. */
  addMetrics(row: Readonly<Record<string, unknown>>): void {
    this.#append('metrics', JSON.stringify(row));
  }

  /** The same for samples.jsonl: responses that a run has sampled. */
  addSample(row: Readonly<Record<string, unknown>>): void {
    this.#append('samples', JSON.stringify(row));
  }

  /** Forgets the rows of steps after `last`, which will be taken again. */
  async keepSteps(last: number): Promise<void> {
    for (const name of ['metrics', 'samples'] as const) {
      if (!existsSync(this.#file(name))) continue;
      const kept = (await this.#rows(name)).filter(({ step }) => Number(step) <= last);
      await replaceFile(this.#file(name), kept.map((row) => `${JSON.stringify(row)}\n`).join(''));
    }
  }

  log(line: string): void {
    this.#append('log', `${new Date().toISOString()} ${line}`);
  }

  get stopRequested(): boolean {
    return existsSync(this.#file('stop'));
  }

  async requestStop(): Promise<void> {
    await replaceFile(this.#file('stop'), '');
  }

  async clearStopRequest(): Promise<void> {
    await rm(this.#file('stop'), { force: true });
  }

  #file(name: keyof typeof FILES): string {
    return path.join(this.dir, FILES[name]);
  }

  async #rows(name: keyof typeof FILES): Promise<Record<string, unknown>[]> {
    if (!existsSync(this.#file(name))) return [];
    const text = await readFile(this.#file(name), 'utf8');
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .flatMap((line, i) => (line === '' ? [] : [this.#row(name, i + 1, line)]));
  }

  #row(name: keyof typeof FILES, number: number, line: string): Record<string, unknown> {
    try {
      return JSON.parse(line);
    } catch (error) {
      const place = `${this.#file(name)}:${number}`;
      throw new UserError(`${place} cannot be read: ${(error as Error).message}: remove the line.`);
    }
  }

  #append(name: keyof typeof FILES, line: string): void {
    try {
      appendFileSync(this.#file(name), `${line}\n`);
    } catch (error) {
      throw new UserError(`${this.#file(name)} cannot be written: ${fileProblem(error as Error)}.`);
    }
  }

  async #json(name: keyof typeof FILES): Promise<Record<string, unknown>> {
    try {
      return JSON.parse(await readFile(this.#file(name), 'utf8'));
    } catch (error) {
      throw new UserError(`${this.#file(name)} cannot be read: ${(error as Error).message}.`);
    }
  }
}
