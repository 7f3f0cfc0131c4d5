import type { ConfigReader } from '../config-reader.ts';
import { dream } from './dream.ts';
import type { Family } from './family.ts';
import { fastDllmV2 } from './fast-dllm-v2.ts';
import { llada } from './llada.ts';
import { llada2 } from './llada2.ts';
import { llama } from './llama.ts';
import { openDcoder } from './open-dcoder.ts';
import { qwen2 } from './qwen2.ts';
import { qwen3 } from './qwen3.ts';
import { sdar } from './sdar.ts';
import { sdarMoe } from './sdar-moe.ts';

/** Every family that can be loaded; one with a marker comes before that with the same `model_type`. */
export const FAMILIES: readonly Family[] = [
  llama,
  openDcoder,
  qwen2,
  qwen3,
  sdar,
  sdarMoe,
  llada,
  llada2,
  dream,
  fastDllmV2,
];

/** The family that a config's `model_type` names. */
export function findFamily(config: ConfigReader): Family {
  const modelType = config.text('model_type');
  const family = FAMILIES.find(
    ({ modelTypes, marker }) =>
      modelTypes.includes(modelType) && (marker === undefined || config.has(marker)),
  );
  if (family) return family;
  const known = [...new Set(FAMILIES.flatMap((candidate) => candidate.modelTypes))].join(', ');
  throw config.refuse(
    'model_type',
    `is ${JSON.stringify(modelType)}, which is not supported (known: ${known})`,
  );
}

/** The family of a spec. */
export function familyOf({ family }: { family: string }): Family {
  const found = FAMILIES.find(({ name }) => name === family);
  if (!found) throw new Error(`there is no family ${family}`);
  return found;
}
