import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { CONVERSIONS } from './convert.ts';
import type { ModelFolder, Quality, Quantization } from './model-folder.ts';
import { writeWhole } from './safetensors-writer.ts';

const MEGABYTE = 1e6;

/**
 * Writes README.md (the model card: what the model is, how it was converted, and the source's own account of its
 * training and measurements) and, where the source has none, NOTICE.
 */
export async function writeModelCard(
  model: ModelFolder,
  src: string,
  name: string,
  { quantize, adapter, quality }: { quantize: Quantization; adapter?: string; quality?: Quality },
): Promise<void> {
  const { dir, spec } = model;
  const changes = [
    adapter === undefined
      ? undefined
      : `the low-rank adapter ${path.basename(adapter)} was merged into the weights`,
    CONVERSIONS[quantize].account,
  ].filter((change) => change !== undefined);
  const card = [
    `# ${name}`,
    '',
    `| | |`,
    `|---|---|`,
    `| family | ${spec.family} |`,
    `| parameters | ${(model.parameters / 1e6).toFixed(1)} M |`,
    `| weights | ${(model.bytes / MEGABYTE).toFixed(0)} MB, ${quantize === 'none' ? 'floating point' : quantize} |`,
    `| layers × width | ${spec.layers} × ${spec.hiddenSize} |`,
    `| context | ${spec.maxPositions} tokens |`,
    ...(spec.maskTokenId === undefined
      ? ['| decoding | autoregressive |']
      : [`| decoding | window diffusion, block size ${spec.blockSize}, clean rows ${spec.cleanAttention} |`]),
    '',
    `Converted by \`unmask model import\`: ${changes.join('; ')}.`,
    ...(quality ? ['', `Compared with its source: ${describeQuality(quality)}.`] : []),
    ...(await sourceAccount(src)),
  ];
  await writeWhole(path.join(dir, 'README.md'), `${card.join('\n')}\n`);
  if (existsSync(path.join(dir, 'NOTICE'))) return;
  const notice = `${name}\nConverted by \`unmask model import\`; changed from its source: ${changes.join('; ')}.\n`;
  await writeWhole(path.join(dir, 'NOTICE'), notice);
}

/** Half a sentence. */
export function describeQuality({ rows, top1Agreement, divergence }: Quality): string {
  const agreement = (100 * top1Agreement).toFixed(1);
  return `same best token in ${agreement} % of ${rows} rows of Python, KL divergence ${divergence.toPrecision(2)}`;
}

/** The source's README, its headings two levels down. */
async function sourceAccount(src: string): Promise<string[]> {
  const file = path.join(src, 'README.md');
  if (!existsSync(file)) return [];
  const text = (await readFile(file, 'utf8')).replace(/^---\n[\s\S]*?\n---\n/, '').replaceAll(/^#/gm, '###');
  return ['', "## The source's own account", '', text.trim()];
}
