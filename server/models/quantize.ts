/** A matrix as integers with one scale per row: value ≈ scale[row] · integer. */
export interface QuantizedMatrix {
  integers: Int8Array;
  scales: Float32Array;
}

/** Rounds a matrix [rows, columns] to symmetric 8-bit integers (−127 … 127) with one scale per row. */
export function quantizeRows(values: Float32Array, rows: number): QuantizedMatrix {
  const columns = values.length / rows;
  const integers = new Int8Array(values.length);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const start = row * columns;
    let largest = 0;
    for (let i = start; i < start + columns; i++) largest = Math.max(largest, Math.abs(values[i]));
    // A row of zeros keeps a scale that can be divided by.
    scales[row] = largest === 0 ? 1 : largest / 127;
    const inverse = 1 / scales[row];
    for (let i = start; i < start + columns; i++) {
      integers[i] = Math.max(-127, Math.min(127, Math.round(values[i] * inverse)));
    }
  }
  return { integers, scales };
}

/**
 * Beyond this size normed activations are cut off. A rotated network spreads each row over all channels, so that its
 * 576 or more numbers look normally distributed with variance 1: one in 16,000 lies beyond. Measured on 720 clean rows
 * with the embedded model, best tokens equal to fp32's: 97.4 % at 3.5, 97.6 % at 4, 96.7 % at 4.5, and 97.8 % when the
 * largest number of every row is found, which takes a twelfth more time.
 */
const NORMED_RANGE = 4;

/** The section of config.json that says so, as the compressed-tensors library writes it, and one number of ours. */
export const INT8_CONFIG = {
  quant_method: 'compressed-tensors',
  format: 'int-quantized',
  quantization_status: 'compressed',
  config_groups: {
    group_0: {
      targets: ['Linear', 'Embedding'],
      weights: { num_bits: 8, type: 'int', symmetric: true, strategy: 'channel', dynamic: false },
    },
  },
  ignore: [],
  normed_range: NORMED_RANGE,
};
