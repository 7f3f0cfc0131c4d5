import { UserError } from '../../errors.ts';

const MOST_IN_A_ROW = 3;

/** Counts steps that were skipped because of numbers that are not finite. */
export class Skips {
  inARow = 0;

  /** Throws UserError when there were too many in a row. */
  note(skipped: boolean, step: number): void {
    this.inARow = skipped ? this.inARow + 1 : 0;
    if (this.inARow === MOST_IN_A_ROW) {
      throw new UserError(
        `loss or gradient were not finite in ${MOST_IN_A_ROW} steps in a row, up to step ${step}: ` +
          'lower learningRate and go on from the last checkpoint.',
      );
    }
  }
}
