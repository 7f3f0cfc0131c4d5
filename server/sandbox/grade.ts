import type { Task } from '../tasks/task.ts';
import type { Outcome } from './child.ts';
import type { Judge, JudgeFault } from './judge.ts';
import type { WorkerPool } from './pool.ts';
import { type CallResult, parseRunReport } from './results.ts';
import type { AssertOutcome, Verdict, VerdictKind } from './verdict.ts';

const MOST_ROUNDS = 64;
const MOST_SOURCE_BYTES = 64 * 1024;
/** A candidate that ends its own process does it by an exit code, an abort or a fault, not by these. */
const FOREIGN_SIGNALS: NodeJS.Signals[] = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'];

export interface GradeLimits {
  /** Milliseconds a candidate may run; it is killed half as long again and a second later. */
  timeoutMs: number;
  /** Refuse by syntax, before running, what no task needs. */
  gate: boolean;
  signal?: AbortSignal;
}

type Ruling = Pick<Verdict, 'verdict' | 'detail'> & { outcomes?: string[] };

/** Runs one candidate and has its results judged; `infra` is tried once more. Throws only when aborted. */
export async function grade(
  task: Task,
  code: string,
  pool: WorkerPool,
  judge: Judge,
  limits: GradeLimits,
): Promise<Verdict> {
  const spent = { ms: 0 };
  let ruling = await rule(task, code, pool, judge, limits, spent);
  if (ruling.verdict === 'infra') ruling = await rule(task, code, pool, judge, limits, spent);
  limits.signal?.throwIfAborted();
  const asserts = (ruling.outcomes ?? []).map(assertOutcome);
  const total = Math.max(asserts.length, task.tests.length);
  while (asserts.length < total) asserts.push('error');
  const passed = asserts.filter((outcome) => outcome === 'passed').length;
  const { verdict, detail } = ruling;
  return { taskId: task.id, verdict, passed, total, asserts, ms: Math.round(spent.ms * 100) / 100, detail };
}

async function rule(
  task: Task,
  code: string,
  pool: WorkerPool,
  judge: Judge,
  limits: GradeLimits,
  spent: { ms: number },
): Promise<Ruling> {
  if (Buffer.byteLength(code) > MOST_SOURCE_BYTES)
    return { verdict: 'error', detail: 'the source is over 64 KB' };
  const plan = await judge.plan(task);
  if (typeof plan === 'string') return faulty(plan);
  if (plan.problem) return { verdict: 'infra', detail: `the task cannot be judged: ${plan.problem}` };
  let calls = plan.calls;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const run = await runOnce(code, calls, pool, limits);
    spent.ms += run.ms;
    if ('ruling' in run) return run.ruling;
    const judgement = await judge.judge(task, calls.slice(0, run.results.length), run.results);
    if (typeof judgement === 'string') return faulty(judgement);
    const complete = run.results.length === calls.length;
    if (judgement.need.length > 0 && complete) {
      calls = [...calls, ...judgement.need];
      continue;
    }
    return decide(judgement.outcomes, judgement.need.length === 0, run);
  }
  return { verdict: 'failed', detail: `the tests did not end within ${MOST_ROUNDS} rounds of calls` };
}

interface Run {
  ms: number;
  results: CallResult[];
  denied: boolean;
}

async function runOnce(
  code: string,
  calls: string[],
  pool: WorkerPool,
  limits: GradeLimits,
): Promise<Run | { ms: number; ruling: Ruling }> {
  const outcome = await pool.run({
    operation: 'run_candidate',
    text: JSON.stringify({ code, calls, gate: limits.gate }),
    softMs: limits.timeoutMs,
    hardMs: limits.timeoutMs * 1.5 + 1000,
    signal: limits.signal,
  });
  if (outcome.kind !== 'reply') {
    const ms = outcome.kind === 'timeout' ? limits.timeoutMs : 0;
    return { ms, ruling: unanswered(outcome) };
  }
  const { reply } = outcome;
  const ms = reply.milliseconds;
  if (reply.interrupted > 0)
    return { ms, ruling: { verdict: 'timeout', detail: `over ${limits.timeoutMs} ms` } };
  const denied = reply.denied > 0;
  if (!reply.ok) {
    const verdict = denied ? 'memory' : 'crashed';
    return { ms, ruling: { verdict, detail: reply.text.slice(0, 120) } };
  }
  const report = parseRunReport(reply.text, calls.length);
  if (!report) return { ms, ruling: { verdict: 'crashed', detail: 'the worker answered nonsense' } };
  if (report.kind === 'forbidden') return { ms, ruling: { verdict: 'forbidden', detail: report.reason } };
  if (report.kind === 'load') {
    const verdict = kindOfError(report.type, report.message, denied);
    return { ms, ruling: { verdict, detail: `${report.type}: ${report.message}` } };
  }
  return { ms, results: report.results, denied };
}

/** A process that ended by a foreign SIGKILL, or could not be started, is not the candidate's doing. */
function unanswered(outcome: Exclude<Outcome, { kind: 'reply' }>): Ruling {
  switch (outcome.kind) {
    case 'timeout':
      return { verdict: 'timeout', detail: 'killed at the hard limit' };
    case 'malformed':
      return { verdict: 'crashed', detail: 'the worker answered nonsense' };
    case 'aborted':
      return { verdict: 'infra', detail: 'aborted' };
    case 'exit': {
      const foreign = outcome.signal ? FOREIGN_SIGNALS.includes(outcome.signal) : outcome.code === null;
      const detail = `the worker ended (${outcome.signal ?? `exit code ${outcome.code}`})`;
      return { verdict: foreign ? 'infra' : 'crashed', detail };
    }
  }
}

function faulty(fault: JudgeFault): Ruling {
  if (fault === 'infra') return { verdict: 'infra', detail: 'the judge ended' };
  return { verdict: fault, detail: 'judging its values did not end well' };
}

/** The verdict over a complete judgement. */
function decide(outcomes: string[], complete: boolean, run: Run): Ruling {
  if (complete && outcomes.length > 0 && outcomes.every((outcome) => outcome === 'passed')) {
    return { verdict: 'passed', detail: '', outcomes };
  }
  const raised = run.results.find((result) => 'e' in result);
  if (raised && 'e' in raised) {
    const { type, message } = raised.e;
    const verdict = kindOfError(type, message, run.denied);
    return { verdict, detail: message ? `${type}: ${message}` : type, outcomes };
  }
  const first = outcomes.findIndex((outcome) => outcome !== 'passed');
  const why = outcomes[first] ?? 'failed';
  return {
    verdict: 'failed',
    detail: `assert ${first + 1}${why === 'failed' ? '' : `: ${why.slice(7)}`}`,
    outcomes,
  };
}

function kindOfError(type: string, message: string, denied: boolean): VerdictKind {
  if (type === 'MemoryError' || denied || message === 'out of memory') return 'memory';
  if (type === 'PermissionError' || message.includes('None in sys.modules')) return 'forbidden';
  return 'error';
}

function assertOutcome(outcome: string): AssertOutcome {
  return outcome === 'passed' || outcome === 'failed' ? outcome : 'error';
}
