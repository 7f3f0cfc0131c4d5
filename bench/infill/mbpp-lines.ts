// Cuts single lines out of the solutions of a published MBPP file, as tasks for `unmask eval --tasks OUT`:
//   node --import tsx bench/infill/mbpp-lines.ts FILE OUT
// For measuring what was chosen on the own suite on other lines. Test sets stay outside the project.
import { readFileSync, writeFileSync } from 'node:fs';
import { seededRandom } from './random.ts';

const SEED = 20261126;
/** Holes in a solution. */
const HOLES = 3;

const [file, out] = process.argv.slice(2);
const random = seededRandom(SEED);
const tasks = readFileSync(file, 'utf8')
  .trim()
  .split('\n')
  .map((line): { task_id: number; code: string } => JSON.parse(line))
  .flatMap(({ task_id, code }) => {
    const lines = code.split(/\r?\n/).map((line) => line.trimEnd());
    const fit = [...lines.keys()].filter(
      (i) =>
        i > 0 &&
        i < lines.length - 1 &&
        lines[i].trim().length > 5 &&
        !/^\s*(def|#|import|from)\b/.test(lines[i]),
    );
    const drawn = fit.map((i) => ({ i, key: random() })).sort((a, b) => a.key - b.key);
    return drawn.slice(0, HOLES).map(({ i }) => {
      const indentation = /^\s*/.exec(lines[i])![0];
      return {
        task_id: `mbpp/${task_id}/L${i + 1}`,
        prompt: `${lines.slice(0, i).join('\n')}\n${indentation}`,
        suffix: `\n${lines.slice(i + 1).join('\n')}`,
        canonical_solution: lines[i].trim(),
        test: '',
        entry_point: '',
      };
    });
  });
writeFileSync(out, tasks.map((task) => `${JSON.stringify(task)}\n`).join(''));
console.log(`${tasks.length} lines`);
