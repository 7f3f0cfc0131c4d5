import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type AdapterPlan, adapterNames, SPECIAL_ROWS } from '../../kernels/training/parameters.ts';
import { UserError } from '../errors.ts';
import { readSafetensorsHeader, readTensor } from '../models/safetensors.ts';
import { writeSafetensors, writeWhole } from '../models/safetensors-writer.ts';
import { bytesOf } from '../models/tensor-data.ts';

/** Names under which PEFT looks for an adapter and for what describes it. */
export const ADAPTER_FILE = 'adapter_model.safetensors';
const CONFIG_FILE = 'adapter_config.json';
const PREFIX = 'base_model.model.';

/**
 * Writes an adapter in PEFT's layout: fp32 matrices A [rank, in] and B [out, rank]. `values` has them by the names of
 * `adapterNames`, `base` names the model that it belongs to. Rows of special tokens and the mark of gated adapters are
 * additions to the layout, which server/models/adapter.ts reads.
 */
export async function writeAdapter(
  dir: string,
  plan: AdapterPlan,
  values: ReadonlyMap<string, Float32Array>,
  base: string,
  specialTokens: readonly number[] = [],
): Promise<void> {
  await mkdir(dir, { recursive: true });
  const names = [...plan.modules].flatMap((module) => Object.values(adapterNames(module)));
  const tensors = names.map((name) => {
    const value = values.get(name)!;
    const other = value.length / plan.rank;
    const dims = name.endsWith('.lora_A.weight') ? [plan.rank, other] : [other, plan.rank];
    return { tensor: { name: PREFIX + name, dtype: 'F32' as const, dims }, bytes: bytesOf(value) };
  });
  if (specialTokens.length > 0) {
    const rows = values.get(SPECIAL_ROWS)!;
    const dims = [specialTokens.length, rows.length / specialTokens.length];
    tensors.push({ tensor: { name: SPECIAL_ROWS, dtype: 'F32', dims }, bytes: bytesOf(rows) });
  }
  await writeSafetensors(
    path.join(dir, ADAPTER_FILE),
    tensors.map(({ tensor, bytes }) => ({ tensors: [tensor], produce: async () => [bytes] })),
  );
  const config = {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: base,
    r: plan.rank,
    lora_alpha: plan.alpha,
    lora_dropout: 0,
    bias: 'none',
    fan_in_fan_out: false,
    ...(plan.gated && { unmask_gated: true }),
    ...(specialTokens.length > 0 && { special_token_ids: specialTokens }),
    target_modules: [...new Set([...plan.modules].map((module) => module.split('.').at(-1)))],
  };
  await writeWhole(path.join(dir, CONFIG_FILE), `${JSON.stringify(config, null, 2)}\n`);
}

/**
 * Reads the matrices of an adapter for a plan, by the names of `adapterNames`. Throws UserError where the adapter
 * lacks one of them or has another shape.
 */
export async function readAdapter(
  dir: string,
  parameters: readonly { name: string; dims: readonly number[] }[],
): Promise<Map<string, Float32Array>> {
  const { tensors } = await readSafetensorsHeader(dir, ADAPTER_FILE);
  const file = path.join(dir, ADAPTER_FILE);
  const values = new Map<string, Float32Array>();
  for (const { name, dims } of parameters) {
    const location = tensors.get(PREFIX + name);
    if (location?.dims.join() !== dims.join()) {
      const has = location ? `is [${location.dims.join(', ')}]` : 'is missing';
      throw new UserError(
        `${file}: ${PREFIX}${name} ${has}, but the model and the run's settings ask for [${dims.join(', ')}].`,
      );
    }
    values.set(name, await readTensor(dir, location));
  }
  return values;
}
