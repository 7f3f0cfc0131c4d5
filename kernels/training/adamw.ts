/** What a step multiplies by and adds; the numbers of one parameter share them. */
export interface AdamWFactors {
  beta1: number;
  /** What the gradient is multiplied by on its way into a moment. */
  firstScale: number;
  beta2: number;
  secondScale: number;
  stepSize: number;
  offset: number;
  /** What decay leaves of a number. */
  keep: number;
}

/** Arrays of equal length: the numbers under training, their gradients, and the moments of these. */
export interface AdamWArrays<Numbers> {
  value: Numbers;
  gradient: Numbers;
  first: Numbers;
  second: Numbers;
}

/** What adamw.wat does, number by number. */
export function naiveAdamW(
  { value, gradient, first, second }: AdamWArrays<Float32Array | Float64Array>,
  { beta1, firstScale, beta2, secondScale, stepSize, offset, keep }: AdamWFactors,
): void {
  for (let i = 0; i < value.length; i++) {
    first[i] = beta1 * first[i] + firstScale * gradient[i];
    second[i] = beta2 * second[i] + (secondScale * gradient[i]) ** 2;
    value[i] = keep * value[i] - (stepSize * first[i]) / (Math.sqrt(second[i]) + offset);
  }
}
