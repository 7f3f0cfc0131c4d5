import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { loadOrt } from '../engine/ort.ts';
import { OrtDenoiser } from '../engine/ort-denoiser.ts';
import { UserError } from '../errors.ts';
import { fileProblem } from '../files.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import { readSafetensorsHeader, readTensor } from '../models/safetensors.ts';
import { writeSafetensors } from '../models/safetensors-writer.ts';
import { bytesOf, toHalf } from '../models/tensor-data.ts';
import { type HeadLessons, headLessons } from './head-lessons.ts';
import type { SampleRows } from './objectives/objective.ts';

/** Lessons of numbered samples, a file each: made when they are first asked for, read afterwards. */
export class KeptLessons {
  readonly #dir: string;
  readonly #folder: ModelFolder;
  readonly #threads: number;
  readonly #temperature: number;
  #denoiser: OrtDenoiser | undefined;

  /** `dir` need not exist; lessons of other weights than the model's lie in other folders of it. */
  constructor(dir: string, folder: ModelFolder, threads: number, temperature: number) {
    this.#dir = path.join(dir, folder.weightsHash);
    this.#folder = folder;
    this.#threads = threads;
    this.#temperature = temperature;
  }

  /** The lessons of a sample, hidden states in half precision. `draw` makes its rows. Throws UserError. */
  async of(sample: number, draw: (sample: number) => Promise<SampleRows>): Promise<HeadLessons> {
    const file = `${sample}.safetensors`;
    if (!existsSync(path.join(this.#dir, file)))
      await this.#write(file, await this.#make(await draw(sample)));
    const { tensors } = await readSafetensorsHeader(this.#dir, file);
    const [hidden, candidates, labels, previous] = await Promise.all(
      ['hidden', 'candidates', 'labels', 'previous'].map((name) => readTensor(this.#dir, tensors.get(name)!)),
    );
    return { hidden, candidates, labels, previous };
  }

  async release(): Promise<void> {
    await this.#denoiser?.release();
  }

  async #make(rows: SampleRows): Promise<HeadLessons> {
    this.#denoiser ??= await OrtDenoiser.open(await loadOrt(), this.#folder, this.#threads);
    return headLessons(this.#denoiser, rows, this.#folder.spec.samplerHead!.candidates, this.#temperature);
  }

  async #write(file: string, { hidden, candidates, labels, previous }: HeadLessons): Promise<void> {
    const rows = previous.length;
    const table = (name: string, dtype: 'F16' | 'F32', values: Float32Array) => ({
      tensors: [{ name, dtype, dims: rows > 0 ? [rows, values.length / rows] : [0, 0] }],
      produce: async () => [bytesOf(dtype === 'F16' ? toHalf(values) : values)],
    });
    try {
      await mkdir(this.#dir, { recursive: true });
      await writeSafetensors(path.join(this.#dir, file), [
        table('hidden', 'F16', hidden),
        table('candidates', 'F32', candidates),
        table('labels', 'F32', labels),
        table('previous', 'F32', previous),
      ]);
    } catch (error) {
      throw new UserError(`${path.join(this.#dir, file)} cannot be written: ${fileProblem(error as Error)}.`);
    }
  }
}
