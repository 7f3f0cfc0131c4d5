import path from 'node:path';
import { CATALOGUE, findRepository } from '../download/catalogue.ts';
import { completeConfig } from '../download/complete-config.ts';
import { downloadModel } from '../download/download.ts';
import { describeModel, type HubModel } from '../download/hub.ts';
import { userModelsDir } from '../models/installed.ts';
import { openModel } from '../models/registry.ts';
import type { CatalogueEntry, DownloadPlan, DownloadResult } from '../protocol.ts';
import { type Command, UsageError } from './command.ts';
import { text } from './decode-options.ts';
import { gigabytes, progressReporter } from './progress.ts';

const HUB = 'https://huggingface.co';
const UNSTATED = 'not stated: see its page on the hub';

export const modelDownload: Command = {
  name: 'model download',
  usage: '[NAME | OWNER/REPOSITORY] [--to DIR] [--revision R] [--hub URL] [--dry-run]',
  summary: 'fetch a model from the Hugging Face hub; without a name, list the catalogue',
  options: {
    to: {
      type: 'string',
      help: 'folder that the model folder is made in (default: the one of `model list`)',
    },
    revision: { type: 'string', help: 'branch, tag or commit (default: main)' },
    hub: { type: 'string', help: `the hub or a mirror of it (default: HF_ENDPOINT, or ${HUB})` },
    'dry-run': { type: 'boolean', help: 'only say what the hub has: commit, licence, sizes and hashes' },
  },
  async run(args, values, io) {
    if (args.length > 1) throw new UsageError(`unexpected argument '${args[1]}'`);
    if (args.length === 0) {
      io.result(CATALOGUE.map(line).join('\n'), { models: CATALOGUE });
      return;
    }
    const { name, repository, config } = findRepository(args[0]);
    const endpoint = text(values, 'hub') ?? (process.env.HF_ENDPOINT || HUB);
    const revision = text(values, 'revision') ?? 'main';
    const http = { token: process.env.HF_TOKEN, signal: io.signal };
    if (values['dry-run']) {
      const plan = planOf(name, repository, await describeModel(endpoint, repository, revision, http));
      io.result(planText(plan), plan);
      return;
    }
    const dir = path.join(path.resolve(text(values, 'to') ?? userModelsDir()), name);
    const progress = progressReporter(io);
    const model = await downloadModel(repository, dir, { endpoint, revision, ...http, progress });
    const { commit, licence, bytes } = planOf(name, repository, model);
    const added = await completeConfig(dir, config ?? {});
    const problem = await problemOf(dir);
    const result: DownloadResult = { name, dir, repository, commit, licence, added, problem };
    const keys = Object.entries(added).map(([key, value]) => `${key} ${value}`);
    io.result(
      [
        `${dir}: ${gigabytes(bytes)}, commit ${commit}, licence ${licence ?? UNSTATED}`,
        ...(keys.length > 0 ? [`Added to its config.json, which lacked it: ${keys.join(', ')}.`] : []),
        problem
          ? `It cannot be used as it is: ${problem}`
          : `\`unmask model import ${dir} DIR --quantize int8\` makes it smaller and faster.`,
      ].join('\n'),
      result,
    );
  },
};

function planOf(name: string, repository: string, { commit, licence, files }: HubModel): DownloadPlan {
  return {
    name,
    repository,
    commit,
    licence: licence ?? null,
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    files: files.map((file) => ({
      name: file.name,
      bytes: file.bytes,
      sha256: file.hash.kind === 'sha256' ? file.hash.hex : null,
    })),
  };
}

function planText({ repository, commit, licence, bytes, files }: DownloadPlan): string {
  const lines = files.map(
    (file) => `${gigabytes(file.bytes).padStart(9)}  ${file.sha256 ?? '-'.padEnd(64)}  ${file.name}`,
  );
  const first = `${repository}: ${gigabytes(bytes)}, commit ${commit}, licence ${licence ?? UNSTATED}`;
  return [first, ...lines].join('\n');
}

/** Why a model folder cannot be used. */
async function problemOf(dir: string): Promise<string | null> {
  return openModel(dir).then(
    () => null,
    (error: Error) => error.message,
  );
}

function line({ name, repository, about, billions, bytes, leastMemory, device }: CatalogueEntry): string {
  const needs = `${billions} B weights, about ${gigabytes(bytes)} to fetch and ${gigabytes(leastMemory)} of memory as int8, ${device}`;
  return `${name.padEnd(29)}  ${about} (${needs})  ${repository}`;
}
