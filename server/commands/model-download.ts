import path from 'node:path';
import { CATALOGUE, findRepository } from '../download/catalogue.ts';
import { downloadModel } from '../download/download.ts';
import { userModelsDir } from '../models/installed.ts';
import { openModel } from '../models/registry.ts';
import type { CatalogueEntry, DownloadResult } from '../protocol.ts';
import { type Command, UsageError } from './command.ts';
import { text } from './decode-options.ts';
import { gigabytes, progressReporter } from './progress.ts';

const HUB = 'https://huggingface.co';

export const modelDownload: Command = {
  name: 'model download',
  usage: '[NAME | OWNER/REPOSITORY] [--to DIR] [--revision R] [--hub URL]',
  summary: 'fetch a model from the Hugging Face hub; without a name, list the catalogue',
  options: {
    to: {
      type: 'string',
      help: 'folder that the model folder is made in (default: the one of `model list`)',
    },
    revision: { type: 'string', help: 'branch, tag or commit (default: main)' },
    hub: { type: 'string', help: `the hub or a mirror of it (default: HF_ENDPOINT, or ${HUB})` },
  },
  async run(args, values, io) {
    if (args.length > 1) throw new UsageError(`unexpected argument '${args[1]}'`);
    if (args.length === 0) {
      io.result(CATALOGUE.map(line).join('\n'), { models: CATALOGUE });
      return;
    }
    const { name, repository } = findRepository(args[0]);
    const dir = path.join(path.resolve(text(values, 'to') ?? userModelsDir()), name);
    const { commit, licence, files } = await downloadModel(repository, dir, {
      endpoint: text(values, 'hub') ?? (process.env.HF_ENDPOINT || HUB),
      revision: text(values, 'revision') ?? 'main',
      token: process.env.HF_TOKEN,
      signal: io.signal,
      progress: progressReporter(io),
    });
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const problem = await problemOf(dir);
    const result: DownloadResult = { name, dir, repository, commit, licence: licence ?? null, problem };
    const terms = licence ?? 'not stated: see its page on the hub';
    io.result(
      `${dir}: ${gigabytes(bytes)}, commit ${commit}, licence ${terms}\n` +
        (problem
          ? `It cannot be used as it is: ${problem}`
          : `\`unmask model import ${dir} DIR --quantize int8\` makes it smaller and faster.`),
      result,
    );
  },
};

/** Why a model folder cannot be used. */
async function problemOf(dir: string): Promise<string | null> {
  return openModel(dir).then(
    () => null,
    (error: Error) => error.message,
  );
}

function line({ name, repository, about, billions, leastMemory, device }: CatalogueEntry): string {
  const needs = `${billions} B weights, about ${gigabytes(leastMemory)} of memory as int8, ${device}`;
  return `${name.padEnd(20)}  ${about} (${needs})  ${repository}`;
}
