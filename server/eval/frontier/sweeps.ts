import path from 'node:path';
import { adaptedSettings } from '../../decode/settings.ts';
import type { DenoiserSpec } from '../../models/spec.ts';
import type { DecodeSettings } from '../../protocol.ts';

/** A way of decoding with a knob that trades accuracy for speed. */
export interface Sweep {
  name: string;
  /** What all points have in common. */
  base: Partial<DecodeSettings>;
  /** What each adds to it, the careful ones first. */
  points: Partial<DecodeSettings>[];
}

/** Every curve of a frontier, as far as a model can decode that way; two for each file of a learned policy. */
export function sweepsFor(spec: DenoiserSpec, policyFiles: readonly string[] = []): Sweep[] {
  return [...sweeps(spec.blockSize), ...policyFiles.flatMap(policySweeps)].filter(
    ({ base }) => adaptedSettings(spec, base).mode === base.mode,
  );
}

/** A policy that decides, and one that only proposes. */
function policySweeps(policyFile: string): Sweep[] {
  const name = path.basename(policyFile, '.safetensors');
  const points = [0.25, 0.5, 1, 2].map((policyTemperature) => ({ policyTemperature }));
  return [
    { name, base: { mode: 'threshold', policy: 'learned', policyFile }, points },
    { name: `${name} verified`, base: { mode: 'verified', policy: 'learned', policyFile }, points },
  ];
}

function sweeps(blockSize: number): Sweep[] {
  const tokensAStep = [1, 2, 3, blockSize].filter((tokens) => tokens <= blockSize);
  const steps = [...new Set(tokensAStep.map((tokens) => Math.ceil(blockSize / tokens)))].map((each) => ({
    steps: each,
  }));
  return [
    { name: 'ar', base: { mode: 'ar' }, points: [{}] },
    {
      name: 'verified',
      base: { mode: 'verified' },
      // The last takes the fewest forwards that there can be.
      points: [...[0.9, 0.6, 0.3].map((threshold) => ({ threshold })), { threshold: 0, windowChance: 0 }],
    },
    {
      name: 'threshold',
      base: { mode: 'threshold', policy: 'dynamic' },
      points: [0.95, 0.9, 0.7, 0.5].map((threshold) => ({ threshold })),
    },
    {
      name: 'factor',
      base: { mode: 'threshold', policy: 'factor' },
      points: [0.5, 1, 1.5, 2].map((factor) => ({ factor })),
    },
    {
      name: 'entropy',
      base: { mode: 'threshold', policy: 'entropy' },
      points: [0.35, 1, 2, 4].map((entropyBound) => ({ entropyBound })),
    },
    { name: 'static', base: { mode: 'threshold', policy: 'static' }, points: steps },
    { name: 'sequential', base: { mode: 'threshold', policy: 'sequential' }, points: steps },
  ];
}
