import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { EventEmitter, type Pseudoterminal, window } from 'vscode';
import { OUTPUT_FILE } from '../command-line.ts';
import { follow } from './follow.ts';

/** Its presence asks the trainer to stop after the step; see server/train/run/run-folder.ts. */
const STOP_FILE = 'stop';
const CONTROL_C = '\x03';

/** Asks a run to write a checkpoint and stop after its step. */
export async function requestStop(run: string): Promise<void> {
  await writeFile(path.join(run, STOP_FILE), '');
}

/** Shows what a run prints, from the first line on; closing it leaves the run alone, Ctrl+C asks it to stop. */
export function showRunTerminal(run: string, reveal: boolean): void {
  const written = new EventEmitter<string>();
  let stop = () => {};
  const pty: Pseudoterminal = {
    onDidWrite: written.event,
    open() {
      stop = follow(path.join(run, OUTPUT_FILE), (text) => written.fire(text.replaceAll('\n', '\r\n')));
    },
    close() {
      stop();
      written.dispose();
    },
    handleInput(data) {
      if (data !== CONTROL_C) return;
      requestStop(run).then(
        () => written.fire('it stops after this step\r\n'),
        ({ message }: Error) => written.fire(`it cannot be asked to stop: ${message}\r\n`),
      );
    },
  };
  const terminal = window.createTerminal({ name: `Unmask ${path.basename(run)}`, pty });
  if (reveal) terminal.show(true);
}
