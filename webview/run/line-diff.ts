export interface DiffLine {
  /** `+` only in the second text, `-` only in the first. */
  sign: '+' | '-' | ' ';
  text: string;
}

/** Texts with more lines than this are not compared line by line: the table below has their product of cells. */
const MOST_LINES = 1000;

/** The lines of two texts with a longest common subsequence kept. */
export function lineDiff(first: string, second: string): DiffLine[] {
  const a = first.split('\n').slice(0, MOST_LINES);
  const b = second.split('\n').slice(0, MOST_LINES);
  const lengths = commonLengths(a, b);
  const lines: DiffLine[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ sign: ' ', text: a[i] });
      i++;
      j++;
    } else if (j === b.length || (i < a.length && lengths[i + 1][j] >= lengths[i][j + 1])) {
      lines.push({ sign: '-', text: a[i++] });
    } else {
      lines.push({ sign: '+', text: b[j++] });
    }
  }
  return lines;
}

/** `[i][j]`: the length of the longest common subsequence of the lines from i and from j on. */
function commonLengths(a: string[], b: string[]): number[][] {
  const lengths = Array.from({ length: a.length + 1 }, () => Array<number>(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i][j] =
        a[i] === b[j] ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  return lengths;
}
