import path from 'node:path';
import { type PolicyShape, policyParameters } from '../../kernels/unmasking-policy.ts';
import { UNMASKINGS, type UnmaskingName } from '../decode/unmasking/index.ts';
import { UserError } from '../errors.ts';
import { count, number, oneOf, record, text, yesOrNo } from '../saved-file.ts';
import type { ModelFolder } from './model-folder.ts';
import { readSafetensorsHeader, readTensor } from './safetensors.ts';
import { writeSafetensors } from './safetensors-writer.ts';
import { bytesOf } from './tensor-data.ts';

/** The policy that a model folder may have. */
export const POLICY_FILE = 'policy.safetensors';

/** Key of the header's metadata that says what the tensors are. */
const METADATA = 'unmask_policy';

/** What a policy file says of itself. */
export interface PolicyHeader {
  version: 1;
  /** The model whose forwards it has learned to judge: its name, and the hash of its weights. */
  model: string;
  weights: string;
  /** How it draws, and what its logits are divided by first. */
  unmasking: UnmaskingName;
  temperature: number;
  /** Probabilities that it sees of each position, and whether it sees hidden states. */
  confidences: number;
  hidden: boolean;
  shape: PolicyShape;
}

/** The tensors by the names of `policyParameters`. */
export interface StoredPolicy {
  header: PolicyHeader;
  values: ReadonlyMap<string, Float32Array>;
}

const HEADER = record({
  version: oneOf(1),
  model: text,
  weights: text,
  unmasking: oneOf(...Object.keys(UNMASKINGS)),
  temperature: number,
  confidences: count,
  hidden: yesOrNo,
  shape: record({
    inputs: count,
    window: count,
    size: count,
    inner: count,
    heads: count,
    timeSize: count,
    timePeriod: number,
  }),
});

/** Writes a policy in single precision; the file gets its name when it is complete. */
export async function writePolicy(file: string, { header, values }: StoredPolicy): Promise<void> {
  await writeSafetensors(
    file,
    policyParameters(header.shape).map(({ name, dims }) => ({
      tensors: [{ name, dtype: 'F32' as const, dims }],
      produce: async () => [bytesOf(values.get(name)!)],
    })),
    { metadata: { [METADATA]: JSON.stringify(header) } },
  );
}

/** Reads the policy of a model. Throws UserError for a file that is none, or another model's. */
export async function readPolicy(
  file: string,
  { name, weightsHash }: Pick<ModelFolder, 'name' | 'weightsHash'>,
): Promise<StoredPolicy> {
  const dir = path.dirname(file);
  const { tensors, bytes } = await readSafetensorsHeader(dir, path.basename(file));
  const header = parseHeader(file, bytes);
  if (header.weights !== weightsHash) {
    throw new UserError(
      `${file} is a policy for ${header.model} with the weights ${header.weights}, but ${name} has ${weightsHash}: ` +
        'use a policy that was trained for this model.',
    );
  }
  const values = new Map<string, Float32Array>();
  for (const { name: tensor, dims } of policyParameters(header.shape)) {
    const location = tensors.get(tensor);
    if (location?.dims.join() !== dims.join()) {
      throw new UserError(
        `${file} is damaged: its tensor ${tensor} is not [${dims.join(', ')}]; train again.`,
      );
    }
    values.set(tensor, await readTensor(dir, location));
  }
  return { header, values };
}

function parseHeader(file: string, bytes: Uint8Array): PolicyHeader {
  const { __metadata__: metadata } = JSON.parse(Buffer.from(bytes).toString('utf8'));
  const written: unknown = metadata?.[METADATA];
  if (typeof written !== 'string') throw new UserError(`${file} is not a policy of Unmask.`);
  let header: unknown;
  try {
    header = JSON.parse(written);
  } catch {
    throw new UserError(`${file} is damaged: its header is not JSON; train the policy again.`);
  }
  const fault = HEADER(header, '');
  if (fault !== undefined) {
    throw new UserError(
      `${file} has "${fault}" in its header as this Unmask cannot read it: train the policy again.`,
    );
  }
  return header as PolicyHeader;
}
