import type { ConfigReader } from '../config-reader.ts';
import type { Family } from './family.ts';
import { llama } from './llama.ts';
import { qwen2 } from './qwen2.ts';
import { qwen3 } from './qwen3.ts';

/** Every family that can be loaded. */
export const FAMILIES: readonly Family[] = [llama, qwen2, qwen3];

/** The family that a config's `model_type` names. */
export function findFamily(config: ConfigReader): Family {
  const modelType = config.text('model_type');
  const family = FAMILIES.find((candidate) => candidate.modelTypes.includes(modelType));
  if (family) return family;
  const known = FAMILIES.flatMap((candidate) => candidate.modelTypes).join(', ');
  throw config.refuse(
    'model_type',
    `is ${JSON.stringify(modelType)}, which is not supported (known: ${known})`,
  );
}
