import { type Beam, BRANCHES, beamRows, EndedBeams, firstBeam, successors } from './beam.ts';
import { followingLogProbs } from './following.ts';
import type { Session } from './session.ts';

/** How much the log-probability of what follows counts beside that of a response. */
const FOLLOWING_WEIGHT = 0.7;

/**
 * Beam search of a causal model, and a choice among what it finds by what follows: the highest log p(response | before,
 * after) + λ log p(after | before, response). The first a model was trained for in particular; the second, where it has not
 * seen what follows, it knows from all text that it was ever trained on.
 *
 * All beams share the cache as a tree: a row sees the columns of the prompt and those of its own beam.
 */
export async function decodeBeams(session: Session): Promise<void> {
  const { cache, response, recorder, promptIds } = session;
  const started = performance.now();
  // The last prompt token is fed with the first forward, as in every other mode.
  const prompt = cache.length;
  try {
    const { found, milliseconds } = await search(session, prompt);
    const { choices } = await likeliest(session, found);
    for (const [i, choice] of choices.entries()) {
      response.settle([choice.id]);
      const before = milliseconds.slice(0, i).reduce((sum, value) => sum + value, 0);
      recorder.step({
        kind: 'denoise',
        windowStart: i - 1,
        window: [choices[i - 1]?.id ?? promptIds[prompt], null],
        revealed: [choice],
        settled: response.ids.length,
        // What came after the last token's forward is part of its step.
        milliseconds: i + 1 < choices.length ? milliseconds[i] : performance.now() - started - before,
      });
    }
  } finally {
    // The columns of a tree are no text that another prompt could begin with.
    cache.truncate(prompt);
  }
}

/** The likeliest responses, and how long every forward took. */
async function search(session: Session, prompt: number): Promise<{ found: Beam[]; milliseconds: number[] }> {
  const { cache, settings } = session;
  const { beams = 1 } = settings;
  const ended = new EndedBeams();
  const milliseconds: number[] = [];
  for (let live = [firstBeam(session)]; live.length > 0; ) {
    const started = performance.now();
    const cached = cache.length;
    const rows = beamRows(session, live, prompt, cached);
    const result = await session.forward('denoise', rows, [...rows.ids.keys()], { topK: BRANCHES });
    result.commit(live.length);
    const grown = live
      .flatMap((beam, i) => successors(session, beam, result, i, cached + i))
      .sort((a, b) => b.logProb - a.logProb);
    for (const beam of grown) if (beam.response.stop) ended.add(beam);
    // Going on never makes a response likelier.
    const least = ended.best(beams)[beams - 1]?.logProb ?? Number.NEGATIVE_INFINITY;
    live = grown.filter((beam) => !beam.response.stop && beam.logProb > least).slice(0, beams);
    milliseconds.push(performance.now() - started);
  }
  return { found: ended.best(beams), milliseconds };
}

/** The best of the responses, by falling probability, given what follows. */
async function likeliest(session: Session, found: readonly Beam[]): Promise<Beam> {
  const { following } = session;
  if (!following || following.ids.length === 0 || found.length === 1) return found[0];
  const texts = found.map(({ response }) => response.text);
  const after = await followingLogProbs(session, following, texts);
  const scores = found.map(({ logProb }, i) => logProb + FOLLOWING_WEIGHT * after[i]);
  return found[scores.indexOf(Math.max(...scores))];
}
