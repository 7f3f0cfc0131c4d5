import { autoregressive } from './autoregressive.ts';
import { fastDllmV2 } from './fast-dllm-v2.ts';
import { llada } from './llada.ts';
import type { Objective } from './objective.ts';
import { openDllm } from './open-dllm.ts';
import { planner } from './planner.ts';
import { sdar } from './sdar.ts';
import { studentForced } from './student-forced.ts';
import { windowDiffusion } from './window-diffusion.ts';

/** Every objective of supervised fine-tuning, by the name that a config uses. */
export const OBJECTIVES = {
  'window-diffusion': windowDiffusion,
  'student-forced': studentForced,
  sdar,
  'fast-dllm-v2': fastDllmV2,
  llada,
  'open-dllm': openDllm,
  autoregressive,
  planner,
} as const satisfies Record<string, Objective>;

export type ObjectiveName = keyof typeof OBJECTIVES;
