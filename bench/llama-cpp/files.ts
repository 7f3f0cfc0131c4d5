import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import type { ModelFolder } from '../../server/models/model-folder.ts';
import { type GgufQuantization, writeModelAsGguf } from './write-model.ts';

/**
 * Quantisations the peer may choose from. With 576 columns llama.cpp's own tool keeps the embedding and the head of a
 * Q4_0 model in Q8_0; with the head in Q4_0 it is faster and less exact, and both are measured.
 */
export const QUANTIZATIONS: Record<string, GgufQuantization> = {
  Q8_0: { projections: 'Q8_0', embedding: 'Q8_0' },
  Q4_0: { projections: 'Q4_0', embedding: 'Q8_0' },
  'Q4_0 with Q4_0 head': { projections: 'Q4_0', embedding: 'Q4_0' },
};

/** The model as GGUF, written at the first use and kept in the repository's ignored `.unmask/`. */
export async function ggufFile(model: ModelFolder, quantization: string): Promise<string> {
  const folder = path.join(import.meta.dirname, '..', '..', '.unmask', 'bench');
  const file = path.join(
    folder,
    `${model.name}-${model.weightsHash}-${quantization.replaceAll(' ', '-')}.gguf`,
  );
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    await writeModelAsGguf(model, file, QUANTIZATIONS[quantization]);
  }
  return file;
}
