/**
 * How a candidate fared. `passed`: the judge says that every assert holds. `failed`: it ran, the judge says no.
 * `error`: it raised, or does not parse. `timeout`, `memory`: it reached a limit. `forbidden`: it reached for what the
 * sandbox denies. `crashed`: its process ended or answered nonsense. `infra`: our own fault, twice; never a reward.
 */
export type VerdictKind =
  | 'passed'
  | 'failed'
  | 'error'
  | 'timeout'
  | 'memory'
  | 'forbidden'
  | 'crashed'
  | 'infra';

export interface Verdict {
  taskId: string;
  verdict: VerdictKind;
  /** Asserts that hold, and asserts there are; a verdict other than passed never has all of them. */
  passed: number;
  total: number;
  /** Per assert, in the order of the tests. */
  asserts: AssertOutcome[];
  /** Milliseconds that the candidate ran. */
  ms: number;
  /** A few words on why; empty when passed. */
  detail: string;
}

export type AssertOutcome = 'passed' | 'failed' | 'error';
