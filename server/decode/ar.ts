import { causalRows, type Window } from './rows.ts';
import type { Session } from './session.ts';

/** Autoregressive decoding: every forward feeds the last token as a clean row and takes its successor. */
export async function decodeAutoregressively(session: Session): Promise<void> {
  const { cache, promptIds, response } = session;
  const { spec } = session.denoiser;
  let last = promptIds[promptIds.length - 1];
  for (let position = 0, ended = false; !ended; position++) {
    const window: Window = [last, null];
    const result = await session.forward('denoise', causalRows(spec, cache.length, window), [0]);
    result.commit(1);
    const next = session.choose(position, session.nextDistribution(result, 0), 'clean');
    ended = response.settle([next.id]);
    session.recorder.step({
      kind: 'denoise',
      windowStart: position - 1,
      window: [...window],
      revealed: [next],
      settled: response.ids.length,
    });
    last = next.id;
  }
}
