import path from 'node:path';
import type { Golden } from '../engine/verify.ts';
import { UserError } from '../errors.ts';
import { readSafetensorsHeader, readTensor, type TensorTable } from '../models/safetensors.ts';
import type { GoldenGradients } from '../train/verify-gradients.ts';

const GRADIENT = 'grad.';
/** Target of a row whose prediction does not count. */
const NO_TARGET = -100;

/** A golden safetensors file: rows of a model with what an independent implementation made of them. */
export class GoldenFile {
  readonly #file: string;
  readonly #dir: string;
  readonly #tensors: TensorTable;

  private constructor(file: string, dir: string, tensors: TensorTable) {
    this.#file = file;
    this.#dir = dir;
    this.#tensors = tensors;
  }

  static async open(file: string): Promise<GoldenFile> {
    const dir = path.dirname(path.resolve(file));
    return new GoldenFile(file, dir, (await readSafetensorsHeader(dir, path.basename(file))).tensors);
  }

  /** input_ids, position_ids, mask and logits. Throws UserError where they do not fit each other. */
  async logits(): Promise<Golden> {
    const golden = { ...(await this.#rows()), logits: await this.#read('logits') };
    if (golden.logits.length % golden.ids.length !== 0) throw this.#misfit('logits');
    return golden;
  }

  /** target, weight, loss and the gradients. Throws UserError where the file has none. */
  async gradients(): Promise<GoldenGradients> {
    const { ids, positions, mask } = await this.#rows();
    const targets = await this.#read('target');
    const weights = await this.#read('weight');
    if (targets.length !== ids.length) throw this.#misfit('target');
    if (weights.length !== ids.length) throw this.#misfit('weight');
    const select = ids.map((_, row) => row).filter((row) => targets[row] !== NO_TARGET);
    const gradients = new Map<string, Float32Array>();
    for (const name of this.#tensors.keys()) {
      if (name.startsWith(GRADIENT)) gradients.set(name.slice(GRADIENT.length), await this.#read(name));
    }
    if (select.length === 0 || gradients.size === 0) {
      throw new UserError(`${this.#file} has no targets or no gradients: check it without --grad.`);
    }
    this.#check('target', targets, (target) => target === NO_TARGET || isIndex(target));
    this.#check('weight', weights, Number.isFinite);
    return {
      batch: {
        ids,
        positions,
        visible: (row, column) => mask[row * ids.length + column] !== 0,
        select,
        target: select.map((row) => targets[row]),
        weight: select.map((row) => weights[row]),
      },
      loss: (await this.#read('loss'))[0],
      gradients,
    };
  }

  async #rows() {
    const ids = [...(await this.#read('input_ids'))];
    const positions = [...(await this.#read('position_ids'))];
    const mask = await this.#read('mask');
    if (positions.length !== ids.length) throw this.#misfit('position_ids');
    if (mask.length !== ids.length * ids.length) throw this.#misfit('mask');
    this.#check('input_ids', ids, isIndex);
    this.#check('position_ids', positions, isIndex);
    return { ids, positions, mask };
  }

  async #read(name: string): Promise<Float32Array> {
    const location = this.#tensors.get(name);
    if (!location) throw new UserError(`${this.#file} is not a golden file: it has no tensor ${name}.`);
    return readTensor(this.#dir, location);
  }

  #check(name: string, values: ArrayLike<number>, accepts: (value: number) => boolean): void {
    const wrong = Array.from(values).find((value) => !accepts(value));
    if (wrong !== undefined) throw new UserError(`${this.#file}: ${name} holds ${wrong}.`);
  }

  #misfit(name: string): UserError {
    return new UserError(`${this.#file}: ${name} is not for the same number of rows as input_ids.`);
  }
}

function isIndex(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
