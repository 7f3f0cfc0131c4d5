import path from 'node:path';
import { EventEmitter, type Pseudoterminal, window } from 'vscode';
import { OUTPUT_FILE } from '../command-line.ts';
import { follow } from './follow.ts';
import { requestStop } from './run-files.ts';

const CONTROL_C = '\x03';

/** Shows what a run prints, from the first line on; closing it leaves the run alone, Ctrl+C asks it to stop. */
export function showRunTerminal(run: string, reveal: boolean): void {
  const written = new EventEmitter<string>();
  let stop = () => {};
  const pty: Pseudoterminal = {
    onDidWrite: written.event,
    open() {
      written.fire('Ctrl+C stops the run after its step; closing this terminal leaves it alone.\r\n\r\n');
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
