import { spawnSync } from 'node:child_process';
import type { Task } from '../../server/tasks/task.ts';

/** Why python3 cannot be the oracle here, or false. */
export const NO_PYTHON = spawnSync('python3', ['-I', '-c', '']).status !== 0 && 'no python3 on the path';

/**
 * The verdict of plain python3 on programs: each passes if program, set-up and tests run to the end as one script.
 * Only for programs that are known to be harmless. `seconds` is the limit of each.
 */
export function passesNatively(tasks: Task[], programs: string[], seconds: number): boolean[] {
  const scripts = programs.map((code, i) => [code, tasks[i].setup, ...tasks[i].tests].join('\n'));
  const driver = `
import io, json, os, signal, sys
sys.stdout = io.StringIO()
out = []
for script in json.load(sys.stdin):
    pid = os.fork()
    if pid == 0:
        signal.alarm(${Math.ceil(seconds)})
        try: exec(compile(script, "<script>", "exec", dont_inherit=True), {"__name__": "script"})
        except BaseException: os._exit(1)
        os._exit(0)
    out.append(os.waitpid(pid, 0)[1] == 0)
json.dump(out, sys.__stdout__)
`;
  const { status, stdout, stderr } = spawnSync('python3', ['-I', '-W', 'ignore', '-c', driver], {
    input: JSON.stringify(scripts),
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}
