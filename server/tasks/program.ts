import type { Task } from './task.ts';

/** What of the completion is code: the first fenced block if there is one, else all of it up to a stop mark. */
export function extractCode(completion: string): string {
  const fence = /```[^\n`]*\n([\s\S]*?)(?:```|$)/.exec(completion);
  const code = fence ? fence[1] : completion.replace(/^\s*\[BEGIN\]/, '');
  return code.replace(/\[DONE\][\s\S]*$/, '').replace(/\r\n?/g, '\n');
}

/**
 * The program that a completion stands for: the task's code around it where it fills a hole, itself when it defines the
 * task's function, else the function's head followed by it.
 */
export function assembleProgram(task: Task, completion: string): string {
  if (task.suffix !== undefined) return task.prefix + completion + task.suffix;
  const code = extractCode(completion);
  if (task.entry === '' || definition(task, task.entry).test(code)) {
    return task.prefix && task.entry ? `${task.prefix.trimEnd()}\n${bodyFor(task)}\n${code}` : code;
  }
  return functionHead(task) + code;
}

/** What stands before the function's body in the prompt: the prefix, or the reference up to the end of its signature. */
export function functionHead(task: Task): string {
  if (task.prefix) return task.prefix;
  const start = definition(task, task.entry).exec(task.reference);
  if (!start) return '';
  const lines = task.reference.slice(start.index).split('\n');
  const end = lines.findIndex((line) => (task.language === 'python' ? /:\s*(#.*)?$/ : /\{\s*$/).test(line));
  return `${task.reference.slice(0, start.index)}${lines.slice(0, end + 1).join('\n')}\n`;
}

function definition(task: Task, name: string): RegExp {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return task.language === 'python'
    ? new RegExp(`^(?:async\\s+)?(?:def\\s+${escaped}\\s*\\(|class\\s+${escaped}\\b|${escaped}\\s*=)`, 'm')
    : new RegExp(
        `^(?:export\\s+)?(?:async\\s+)?(?:function\\*?\\s+${escaped}\\b|(?:const|let|var)\\s+${escaped}\\b)`,
        'm',
      );
}

/** A head without a docstring needs a body before the completion defines the function again. */
function bodyFor(task: Task): string {
  return task.language === 'python' ? '    pass' : '}';
}
