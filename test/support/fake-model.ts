import { existsSync, writeSync } from 'node:fs';
import type { Denoiser, KvCache } from '../../server/decode/denoiser.ts';
import type { LoadedModel, LoadModel } from '../../server/engine/loaded-model.ts';
import { UserError } from '../../server/errors.ts';
import type { ModelFolder } from '../../server/models/model-folder.ts';
import type { DenoiserSpec } from '../../server/models/spec.ts';

/**
 * A model of which everything is known: a token is a character, and every prediction is the letter `x`. What it does
 * beside that is asked for in the prompt or in the name of the model folder.
 */
const DIRECTIVES: Record<string, (argument: string, forward: number) => void> = {
  hang: () => sleepUntil(() => false),
  crash: () => process.kill(process.pid, 'SIGKILL'),
  garbage: () => writeSync(1, 'Some library prints this.\n'),
  chatter: () => console.log('A library logs this.'),
  fail: () => {
    throw new Error('the forward failed');
  },
  /** Longer than a sign of life is due. */
  slow: () => sleepFor(1100),
  /** `gate:N=FILE` holds forward N (the first is 1) until the file exists. */
  gate: (argument, forward) => {
    const [number, file] = argument.split('=');
    if (forward === Number(number)) sleepUntil(() => existsSync(file));
  },
};

const LOADS: Record<string, () => void> = {
  missing: () => {
    throw new UserError('There is no model folder missing: choose another in the settings.');
  },
  broken: () => {
    throw new Error('the native library is broken');
  },
  stuck: () => sleepUntil(() => false),
  dying: () => process.exit(7),
};

const SPEC: DenoiserSpec = {
  family: 'fake',
  layers: 1,
  hiddenSize: 8,
  intermediateSize: 8,
  heads: 1,
  kvHeads: 1,
  headDim: 8,
  vocabSize: 128,
  rmsEps: 1e-5,
  rope: { type: 'default', theta: 10_000 },
  qkvBias: false,
  outputBias: false,
  qkNorm: false,
  tiedHead: true,
  maxPositions: 4096,
  maskTokenId: 7,
  stopTokenIds: [0],
  suppressedTokenIds: [7, 8, 9],
  blockSize: 6,
  logitShift: 1,
  cleanAttention: 'causal',
  fim: { order: 'suffix-prefix-middle', suffixTokenId: 8, prefixTokenId: 9, endTokenId: 0 },
};

export const loadFakeModel: LoadModel = async ({ modelDir }, onProgress): Promise<LoadedModel> => {
  onProgress(0.5, 'Reading weights');
  LOADS[modelDir]?.();
  return {
    folder: {
      dir: modelDir,
      name: modelDir,
      spec: SPEC,
      parameters: 1,
      bytes: 1,
      quantization: 'none',
      weightsHash: 'fake',
    } as ModelFolder,
    denoiser: fakeDenoiser(),
    tokenizer: {
      encode: (text) => [...text].map((character) => character.charCodeAt(0) % 128),
      specialToken: () => undefined,
      tokenText: (id) => String.fromCharCode(id),
      stream: () => ({ push: (id) => String.fromCharCode(id) }),
    },
    device: 'cpu',
    threads: 1,
    policy: () => Promise.reject(new UserError('There is no policy.')),
    release: async () => {},
  };
};

class FakeCache implements KvCache {
  readonly tokens: number[] = [];

  get length(): number {
    return this.tokens.length;
  }

  truncate(length: number): void {
    this.tokens.length = length;
  }

  copy(other: KvCache): void {
    this.tokens.splice(0, this.tokens.length, ...other.tokens);
  }
}

/** Reports every forward of the process as a line on standard error: `forward N`, N from 1. */
function fakeDenoiser(): Denoiser {
  let forwards = 0;
  return {
    spec: SPEC,
    newCache: () => new FakeCache(),
    async forward({ cache, ids, select, topK }) {
      const { tokens } = cache as FakeCache;
      const text = String.fromCharCode(...tokens, ...ids);
      const clean = ids.filter((id) => id !== SPEC.maskTokenId);
      forwards++;
      writeSync(2, `forward ${forwards}\n`);
      for (const [, name, argument] of text.matchAll(/!(\w+)(?::(\S+))?/g)) {
        DIRECTIVES[name]?.(argument ?? '', forwards);
      }
      const best = Array.from({ length: topK }, (_, i) => 'x'.charCodeAt(0) - i);
      return {
        topIds: Int32Array.from(select.flatMap(() => best)),
        topLogits: Float32Array.from(select.flatMap(() => best.map((_, i) => -10 * i))),
        logSumExp: Float32Array.from(select, () => 0),
        commit: (count) => {
          tokens.push(...clean.slice(0, count));
        },
      };
    },
  };
}

/** Blocks the thread, as a native forward does. */
function sleepFor(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function sleepUntil(done: () => boolean): void {
  while (!done()) sleepFor(5);
}
