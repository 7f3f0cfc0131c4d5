// Measures the sandbox on this machine, one JSON object a line:
//   node --import tsx bench/sandbox/run.ts TASKS[,TASKS…] [pyodide|native] [speed,agreement,soak,starter]
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { PythonBackend } from '../../server/sandbox/backends.ts';
import { Sandbox } from '../../server/sandbox/sandbox.ts';
import { readTasks } from '../../server/tasks/read-tasks.ts';
import type { Task } from '../../server/tasks/task.ts';
import { compareWithNative, drawMutants, mutantsOf } from './agreement.ts';

const WORKERS = 2;
const SOAK = 10_000;
/** Mutants of the starter suite often loop; published references may be slow. */
const TIMEOUTS_MS: Record<string, number> = { speed: 20_000, agreement: 20_000, soak: 20_000, starter: 1000 };
const STARTER = path.join(import.meta.dirname, '../../tasks/starter.jsonl');

type Measurement = (sandbox: Sandbox, tasks: Task[]) => Promise<object>;

const MEASUREMENTS: Record<string, Measurement> = { speed, agreement, soak, starter };

async function main(files: string, backend: PythonBackend, wanted: string[]): Promise<void> {
  const tasks = (await Promise.all(files.split(',').map(readTasks))).flatMap((file) => file.tasks);
  for (const name of wanted) {
    const begin = performance.now();
    const sandbox = await Sandbox.open({ workers: WORKERS, timeoutMs: TIMEOUTS_MS[name], backend });
    const openMs = Math.round(performance.now() - begin);
    const result = await MEASUREMENTS[name](sandbox, tasks);
    sandbox.close();
    console.log(JSON.stringify({ measured: name, backend, openMs, ...result }));
  }
}

/** Verdicts on all references, after one round to warm up. */
async function speed(sandbox: Sandbox, tasks: Task[]): Promise<object> {
  const usable: Task[] = [];
  let at = 0;
  for await (const { verdict } of sandbox.verdicts(tasks.map((task) => ({ task, code: task.reference })))) {
    if (verdict === 'passed') usable.push(tasks[at]);
    at++;
  }
  const { workers, judge } = sandbox.pids;
  const before = {
    workers: cpuSeconds(workers),
    judge: cpuSeconds([judge as number]),
    own: process.cpuUsage(),
  };
  const begin = performance.now();
  for await (const _ of sandbox.verdicts(usable.map((task) => ({ task, code: task.reference })))) {
  }
  const seconds = (performance.now() - begin) / 1000;
  const own = process.cpuUsage(before.own);
  const perTask = (cpu: number) => Math.round((cpu / usable.length) * 1e5) / 100;
  const parts = {
    workers: perTask(cpuSeconds(workers) - before.workers),
    judge: perTask(cpuSeconds([judge as number]) - before.judge),
    parent: perTask((own.user + own.system) / 1e6),
  };
  return {
    tasks: usable.length,
    tasksPerSecond: Math.round(usable.length / seconds),
    cpuMsPerTask: parts,
    latencyMs: await latency(sandbox, usable),
    residentMb: { workers: workers.map(residentMb), judge: residentMb(judge as number) },
    load: Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0]),
  };
}

/** Quantiles of the time to a verdict when every worker has one candidate and none waits. */
async function latency(sandbox: Sandbox, tasks: Task[]): Promise<object> {
  const latencies: number[] = [];
  let next = 0;
  const serve = async () => {
    while (next < tasks.length) {
      const task = tasks[next++];
      const start = performance.now();
      await sandbox.verdict({ task, code: task.reference });
      latencies.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, serve));
  latencies.sort((a, b) => a - b);
  const quantile = (q: number) => Math.round(latencies[Math.floor(q * (latencies.length - 1))] * 10) / 10;
  return { p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99) };
}

async function agreement(sandbox: Sandbox, tasks: Task[]): Promise<object> {
  const references = await compareWithNative(
    sandbox,
    tasks,
    tasks.map((task) => task.reference),
  );
  const drawn = await drawMutants(sandbox, tasks, 500);
  return { references, mutants: await compareWithNative(sandbox, drawn.tasks, drawn.programs) };
}

/** Many candidates, a third of them wrong, and what memory the processes then hold. */
async function soak(sandbox: Sandbox, tasks: Task[]): Promise<object> {
  const counts: Record<string, number> = {};
  const memory: number[] = [];
  function* candidates() {
    for (let i = 0; i < SOAK; i++) {
      const task = tasks[i % tasks.length];
      yield { task, code: i % 3 === 0 ? task.reference.replace(/return/g, 'return 1,') : task.reference };
    }
  }
  let done = 0;
  for await (const { verdict } of sandbox.verdicts(candidates())) {
    counts[verdict] = (counts[verdict] ?? 0) + 1;
    if (++done % 1000 === 0) memory.push(residentMb(process.pid));
  }
  return { candidates: done, counts, residentMbOfAllProcessesTogether: memory };
}

/** The share of the starter suite's one-token mutants that pass. */
async function starter(sandbox: Sandbox): Promise<object> {
  const { tasks } = await readTasks(STARTER);
  const candidates: { task: Task; code: string }[] = [];
  for (const task of tasks) {
    for (const code of await mutantsOf(sandbox, task)) candidates.push({ task, code });
  }
  let passed = 0;
  for await (const { verdict } of sandbox.verdicts(candidates)) if (verdict === 'passed') passed++;
  return {
    tasks: tasks.length,
    mutants: candidates.length,
    passed,
    percent: Math.round((passed / candidates.length) * 1e4) / 100,
  };
}

function residentMb(pid: number): number {
  const pages = family(pid).map((one) => Number(readFileSync(`/proc/${one}/statm`, 'utf8').split(' ')[1]));
  return Math.round((pages.reduce((a, b) => a + b) * 4096) / 1e6);
}

/** A process and all below it: inside bubblewrap the worker is a grandchild. */
function family(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return [pid, ...(children ? children.split(' ').flatMap((child) => family(Number(child))) : [])];
}

/** Processor time of processes and the children they have waited for. */
function cpuSeconds(pids: number[]): number {
  const ticks = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  const total = pids.flatMap(family).map((pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  });
  return total.reduce((a, b) => a + b) / ticks;
}

const [files, backend = 'pyodide', wanted = 'speed'] = process.argv.slice(2);
void main(files, backend as PythonBackend, wanted.split(','));
