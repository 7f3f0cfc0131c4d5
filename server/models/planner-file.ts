import { plannerParameters } from '../../kernels/planner.ts';
import { PLANNER_UNMASKINGS, type PlannerUnmasking } from '../decode/unmasking/index.ts';
import { count, oneOf, record, text } from '../saved-file.ts';
import {
  isOfKind,
  type Learned,
  type LearnedHeader,
  type LearnedKind,
  readLearned,
  writeLearned,
} from './learned-file.ts';
import type { ModelFolder } from './model-folder.ts';

/** The planner that a model folder may have. */
export const PLANNER_FILE = 'planner.safetensors';

/** What a planner's file says of itself; it decides from the hidden states of the model that it names. */
export interface PlannerHeader extends LearnedHeader {
  /** Positions of the windows that it was trained on. */
  window: number;
  unmasking: PlannerUnmasking;
}

/** The tensors have the names of `plannerParameters`. */
export type StoredPlanner = Learned<PlannerHeader>;

const PLANNER: LearnedKind = {
  noun: 'planner',
  metadata: 'unmask_planner',
  header: record({
    version: oneOf(1),
    model: text,
    weights: text,
    window: count,
    unmasking: oneOf(...PLANNER_UNMASKINGS),
  }),
};

/** Writes a planner for a model. */
export function writePlanner(
  file: string,
  { name, weightsHash, spec }: Pick<ModelFolder, 'name' | 'weightsHash' | 'spec'>,
  { window, unmasking }: Pick<PlannerHeader, 'window' | 'unmasking'>,
  values: StoredPlanner['values'],
): Promise<void> {
  const header: PlannerHeader = { version: 1, model: name, weights: weightsHash, window, unmasking };
  return writeLearned(file, PLANNER, plannerParameters(spec), { header, values });
}

/** As `isOfKind`. */
export function isPlanner(file: string): Promise<boolean> {
  return isOfKind(file, PLANNER);
}

/** As `readLearned`. */
export function readPlanner(
  file: string,
  folder: Pick<ModelFolder, 'name' | 'weightsHash' | 'spec'>,
): Promise<StoredPlanner> {
  return readLearned<PlannerHeader>(file, PLANNER, folder, () => plannerParameters(folder.spec));
}
