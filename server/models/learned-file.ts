import path from 'node:path';
import type { Parameter } from '../../kernels/training/parameters.ts';
import { UserError } from '../errors.ts';
import type { Shape } from '../saved-file.ts';
import type { ModelFolder } from './model-folder.ts';
import { readSafetensorsHeader, readTensor } from './safetensors.ts';
import { writeSafetensors } from './safetensors-writer.ts';
import { bytesOf } from './tensor-data.ts';

/** A kind of file with what was learned on top of a model: tensors, and metadata in the header that says whose. */
export interface LearnedKind {
  /** What it is called in a sentence. */
  noun: string;
  /** Key of the header's metadata. */
  metadata: string;
  /** Of what is there. */
  header: Shape;
}

/** What every such header has: the model, by its name and the hash of its weights. */
export interface LearnedHeader {
  version: 1;
  model: string;
  weights: string;
}

export interface Learned<Header> {
  header: Header;
  /** The tensors by their names. */
  values: ReadonlyMap<string, Float32Array>;
}

/** Writes tensors in single precision; the file gets its name when it is complete. */
export async function writeLearned<Header>(
  file: string,
  { metadata }: LearnedKind,
  parameters: readonly Parameter[],
  { header, values }: Learned<Header>,
): Promise<void> {
  await writeSafetensors(
    file,
    parameters.map(({ name, dims }) => ({
      tensors: [{ name, dtype: 'F32' as const, dims }],
      produce: async () => [bytesOf(values.get(name)!)],
    })),
    { metadata: { [metadata]: JSON.stringify(header) } },
  );
}

/** Whether a file says that it is of a kind. Throws UserError for a file that holds no tensors. */
export async function isOfKind(file: string, { metadata }: LearnedKind): Promise<boolean> {
  const { bytes } = await readSafetensorsHeader(path.dirname(file), path.basename(file));
  return written(bytes, metadata) !== undefined;
}

/** Reads what was learned on top of a model. Throws UserError for a file of another kind, or of another model. */
export async function readLearned<Header extends LearnedHeader>(
  file: string,
  kind: LearnedKind,
  folder: Pick<ModelFolder, 'name' | 'weightsHash'>,
  parametersOf: (header: Header) => readonly Parameter[],
): Promise<Learned<Header>> {
  const dir = path.dirname(file);
  const { tensors, bytes } = await readSafetensorsHeader(dir, path.basename(file));
  const header = parseHeader<Header>(file, kind, written(bytes, kind.metadata));
  if (header.weights !== folder.weightsHash) {
    throw new UserError(
      `${file} is a ${kind.noun} for ${header.model} with the weights ${header.weights}, but ${folder.name} has ${folder.weightsHash}: ` +
        `use a ${kind.noun} that was trained for this model.`,
    );
  }
  const values = new Map<string, Float32Array>();
  for (const { name: tensor, dims } of parametersOf(header)) {
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

function written(bytes: Uint8Array, key: string): unknown {
  return JSON.parse(Buffer.from(bytes).toString('utf8')).__metadata__?.[key];
}

function parseHeader<Header>(file: string, { noun, header: shape }: LearnedKind, metadata: unknown): Header {
  if (typeof metadata !== 'string') throw new UserError(`${file} is not a ${noun} of Unmask.`);
  let header: unknown;
  try {
    header = JSON.parse(metadata);
  } catch {
    throw new UserError(`${file} is damaged: its header is not JSON; train the ${noun} again.`);
  }
  const fault = shape(header, '');
  if (fault !== undefined) {
    throw new UserError(
      `${file} has "${fault}" in its header as this Unmask cannot read it: train the ${noun} again.`,
    );
  }
  return header as Header;
}
