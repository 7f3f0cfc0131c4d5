import type { AdamWArrays, AdamWFactors } from '../../kernels/training/adamw.ts';
import { ADAMW_MODULE } from '../../kernels/training/adamw-module.ts';
import { UserError } from '../errors.ts';

const PAGE = 2 ** 16;
/** Most bytes of a memory. */
const MEMORY = 2 ** 32;
const ARRAYS = 4;
/** Numbers that the kernel takes together. */
const LANES = 4;

interface Memory {
  readonly buffer: ArrayBuffer;
}

interface Kernel {
  step(...addressesCountAndFactors: number[]): void;
}

/** What is used of WebAssembly, of which the language's own library has no types. */
declare const WebAssembly: {
  Memory: new (size: { initial: number }) => Memory;
  Module: new (code: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { exports: object };
};

/** A parameter's arrays, and what moves it in place. */
export interface AdamWParameter extends AdamWArrays<Float32Array> {
  step(factors: AdamWFactors): void;
}

/**
 * Arrays for parameters of the given lengths, in as few memories of WebAssembly as hold them: those of a parameter lie
 * in one, where the kernel reaches them, and sessions read and write them there too. They are zero. Throws
 * UserError as `memories`.
 */
export function adamWMemory(lengths: ReadonlyMap<string, number>): Map<string, AdamWParameter> {
  const module = new WebAssembly.Module(Buffer.from(ADAMW_MODULE, 'base64'));
  const parameters = new Map<string, AdamWParameter>();
  for (const group of memories(lengths)) {
    const bytes = group.reduce((sum, [, length]) => sum + bytesOf(length), 0);
    const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE) });
    const { exports } = new WebAssembly.Instance(module, { memory: { memory } });
    let start = 0;
    for (const [name, length] of group) {
      parameters.set(name, parameterAt(memory, start, length, exports as Kernel));
      start += bytesOf(length);
    }
  }
  return parameters;
}

/** Bytes of a parameter's arrays, each with room for whole steps of the kernel. */
function bytesOf(length: number): number {
  return ARRAYS * Math.ceil(length / LANES) * LANES * Float32Array.BYTES_PER_ELEMENT;
}

/** Parameters in order, cut where a memory is full. Throws UserError for one that does not fit into a memory. */
export function memories(lengths: ReadonlyMap<string, number>): [string, number][][] {
  const cut: [string, number][][] = [];
  let left = 0;
  for (const [name, length] of lengths) {
    const bytes = bytesOf(length);
    if (bytes > MEMORY) {
      const millions = Math.floor(MEMORY / bytesOf(LANES) / 1e6) * LANES;
      throw new UserError(
        `${name} has ${length} numbers, and no more than ${millions} million of one matrix can be trained: train adapters instead.`,
      );
    }
    if (bytes > left) {
      cut.push([]);
      left = MEMORY;
    }
    cut.at(-1)!.push([name, length]);
    left -= bytes;
  }
  return cut;
}

function parameterAt({ buffer }: Memory, start: number, length: number, kernel: Kernel): AdamWParameter {
  const size = bytesOf(length) / ARRAYS;
  const addresses = Array.from({ length: ARRAYS }, (_, i) => start + i * size);
  const [value, gradient, first, second] = addresses.map(
    (address) => new Float32Array(buffer, address, length),
  );
  // Zeros are written, because pages that are read before they were ever written cost several times as much.
  for (const moment of [first, second]) moment.fill(0);
  return {
    ...{ value, gradient, first, second },
    step: ({ beta1, firstScale, beta2, secondScale, stepSize, offset, keep }) =>
      kernel.step(...addresses, ...[length, beta1, firstScale, beta2, secondScale, stepSize, offset, keep]),
  };
}
