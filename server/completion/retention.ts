import type { DocumentChange } from './inflight.ts';

/** Accepted text is judged after so many milliseconds. */
const PERIOD = 60_000;

interface Accepted {
  uri: string;
  /** When, milliseconds. */
  time: number;
  characters: number;
  /** Where it still stands: ranges [start, end), ascending. */
  spans: [number, number][];
}

export interface Retained {
  acceptedCharacters: number;
  retainedCharacters: number;
}

/** Follows accepted text through later edits, to tell how much of it was worth keeping. */
export class Retention {
  private followed: Accepted[] = [];

  accept(uri: string, start: number, end: number, time: number): void {
    this.followed.push({ uri, time, characters: end - start, spans: [[start, end]] });
  }

  onChange(uri: string, change: DocumentChange): void {
    for (const accepted of this.followed) {
      if (accepted.uri === uri) accepted.spans = accepted.spans.flatMap((span) => afterChange(span, change));
    }
  }

  /** Sums up, and forgets, all that is old enough; with `uri` all of that document; with neither, everything. */
  settle(due: { now?: number; uri?: string }): Retained {
    const isDue = ({ uri, time }: Accepted) =>
      due.uri !== undefined ? uri === due.uri : due.now === undefined || due.now - time >= PERIOD;
    const settled = this.followed.filter(isDue);
    this.followed = this.followed.filter((accepted) => !isDue(accepted));
    const lengths = settled.flatMap(({ spans }) => spans.map(([start, end]) => end - start));
    return {
      acceptedCharacters: total(settled.map(({ characters }) => characters)),
      retainedCharacters: total(lengths),
    };
  }
}

/** What a change leaves of a span: nothing, one piece, or one on either side of the new text. */
function afterChange([start, end]: [number, number], change: DocumentChange): [number, number][] {
  const moved = change.text.length - (change.end - change.start);
  const before: [number, number] = [start, Math.min(end, change.start)];
  const after: [number, number] = [Math.max(start, change.end) + moved, end + moved];
  return [before, after].filter(([from, to]) => to > from);
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
