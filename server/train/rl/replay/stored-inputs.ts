import type { Recorded, Replayer, ReplayState } from './replayer.ts';

/**
 * One state for every decision of a policy over a frozen model, which is scored from what it saw: nothing is fed to the
 * model, and the token stands for the decision.
 */
export function storedStates({ promptIds, steps }: Pick<Recorded, 'promptIds' | 'steps'>): ReplayState[] {
  return steps.flatMap(({ index, decision }) => {
    if (!decision?.inputs) return [];
    const position = promptIds.length + decision.inputs.start;
    const scored = [{ position, id: 0, recorded: decision.logProb }];
    return [{ start: position, tokens: [], scored, round: index }];
  });
}

export const storedInputs: Replayer = { misfit: () => undefined, states: storedStates };
