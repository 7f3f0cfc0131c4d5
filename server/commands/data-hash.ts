import { existsSync } from 'node:fs';
import path from 'node:path';
import { replaceFile } from '../files.ts';
import { readTasks } from '../tasks/read-tasks.ts';
import { type HashList, hashesOf, readHashList, taskTexts } from '../train/data/test-sets.ts';
import { type Command, UsageError } from './command.ts';
import { text } from './decode-options.ts';
import { readText } from './input.ts';

export const dataHash: Command = {
  name: 'data hash',
  usage: 'FILE... --out LIST [--split NAME]',
  summary: 'hashes of tasks and source files that training is to refuse (setting testSets); no text is kept',
  options: {
    out: { type: 'string', help: 'JSON file; the entries that it has of other files stay' },
    split: { type: 'string', help: 'only tasks of this split' },
  },
  async run(args, values, io) {
    const out = text(values, 'out');
    if (args.length === 0 || out === undefined) throw new UsageError('a FILE and --out LIST are needed');
    const split = text(values, 'split');
    const list: HashList = existsSync(out) ? await readHashList(out) : {};
    for (const file of args) list[path.basename(file)] = hashesOf(await textsIn(file, split)).sort();
    await replaceFile(out, `${JSON.stringify(list, null, 2)}\n`);
    const counts = Object.fromEntries(Object.entries(list).map(([name, hashes]) => [name, hashes.length]));
    io.result(
      `${out}: ${Object.entries(counts)
        .map(([name, count]) => `${name} ${count}`)
        .join(', ')}`,
      counts,
    );
  },
};

/** The texts of a task file, or that of a Python source. */
async function textsIn(file: string, split: string | undefined): Promise<string[]> {
  if (file.endsWith('.py')) return [await readText(file)];
  const { tasks } = await readTasks(file);
  return tasks.filter((task) => split === undefined || task.split === split).flatMap(taskTexts);
}
