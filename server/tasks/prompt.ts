import { functionHead } from './program.ts';
import type { Task } from './task.ts';

/** The text around what a task asks for. */
export interface TaskPrompt {
  prefix: string;
  /** Left out where nothing follows. */
  suffix?: string;
}

/**
 * What a model is given of a task: the code around its hole, or the head of its function, or a comment of its text and
 * the first `shown` of its tests, after which it writes the whole program. A head comes without its last line end, since
 * tokens hold that together with the indentation of the body.
 */
export function taskPrompt(task: Task, shown = task.shown): TaskPrompt {
  const { prefix, suffix, text, tests, language } = task;
  if (suffix !== undefined) return { prefix, suffix };
  if (prefix !== '') return { prefix: functionHead(task).replace(/\n$/, '') };
  const [open, close] = language === 'python' ? ['"""', '"""'] : ['/*', '*/'];
  const lines = [open + text.replaceAll('"', ''), ...tests.slice(0, shown), close];
  return { prefix: `${lines.join('\n')}\n` };
}
