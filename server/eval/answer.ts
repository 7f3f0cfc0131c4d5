import { partPrefix, withoutBeginning } from '../engine/beginning.ts';
import type { EngineRequest } from '../engine/engine.ts';
import type { DecodeSettings, Trajectory } from '../protocol.ts';
import { taskPrompt } from '../tasks/prompt.ts';
import type { Task } from '../tasks/task.ts';

/** Lines that begin something after a function, or after a program, as for MBPP. */
const AFTER_FUNCTION = ['\nfunction ', '\nclass ', '\nconst ', '\nlet ', '\nconsole.', '\n/', '\n```'];
const AFTER_PROGRAM = ['\nassert ', '\nprint(', '\nif __name__', '\n"""', '\n```'];

const MOST_TOKENS = { line: 64, more: 256 };

/** How the model is asked for the answer to a task; `shown` as in `taskPrompt`. A hole of one line ends with its line. */
export function answerRequest(task: Task, shown?: number): Pick<EngineRequest, 'prompt' | 'settings'> {
  const { prefix, suffix } = taskPrompt(task, shown);
  if (suffix === undefined) {
    return {
      // A line's end and the indentation after it are mostly one token, so the model has to begin with both.
      prompt: { prefix: prefix.trimEnd(), suffix: '', fim: false, budget: 0 },
      settings: { ...endOf(task), maxTokens: MOST_TOKENS.more },
    };
  }
  const oneLine = !task.reference.trimEnd().includes('\n');
  return {
    prompt: { ...partLineEnd(prefix), suffix, fim: true, budget: 0 },
    settings: oneLine
      ? { stopStrings: ['\n'], maxTokens: MOST_TOKENS.line }
      : { maxTokens: MOST_TOKENS.more },
  };
}

/** Where a response ends that does not say so itself: behind the function's body, where a task has its head. */
function endOf({ prefix, language }: Task): Partial<DecodeSettings> {
  if (prefix === '') return { stopStrings: AFTER_PROGRAM };
  return language === 'python' ? { stopAtDedent: true } : { stopStrings: AFTER_FUNCTION };
}

/** As `partPrefix`; the line end before a hole of whole lines begins the response, its tokens hold indentation too. */
function partLineEnd(prefix: string): ReturnType<typeof partPrefix> {
  return prefix.endsWith('\n') ? { prefix: prefix.slice(0, -1), beginning: '\n' } : partPrefix(prefix);
}

/** The completion that a response stands for: a hole that ends with its line gets the line's end back. */
export function completionOf(task: Task, trajectory: Pick<Trajectory, 'text' | 'prompt'>): string {
  const text = withoutBeginning(trajectory);
  if (task.suffix === undefined || !task.reference.endsWith('\n')) return text;
  return `${text.replace(/\n$/, '')}\n`;
}
