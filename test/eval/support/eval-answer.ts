import type { EvalAnswer } from '../../../server/protocol.ts';

/** An answer of six tokens in three forwards and a tenth of a second, which failed. */
export function evalAnswer(task_id: string, threshold: number, more: Partial<EvalAnswer> = {}): EvalAnswer {
  return {
    task_id,
    decode: 'verified',
    threshold,
    sample: 0,
    text: '',
    stop: 'token',
    exactMatch: null,
    editSimilarity: null,
    verdict: 'failed',
    tokens: 6,
    forwards: { prefill: 1, denoise: 3, total: 3 },
    milliseconds: 100,
    proposals: [],
    ...more,
  };
}
