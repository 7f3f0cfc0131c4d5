/** What is known of the rows of a window, see PolicyView. */
interface Seen {
  confidences: ArrayLike<number>;
  hidden?: ArrayLike<number>;
}

/** What a policy network takes of each row, [rows, inputs]: its `width` confidences, then its hidden state. */
export function policyInputs({ confidences, hidden = [] }: Seen, width: number): Float32Array {
  const rows = confidences.length / width;
  const size = hidden.length / rows;
  const inputs = new Float32Array(confidences.length + hidden.length);
  for (let row = 0; row < rows; row++) {
    const first = row * (width + size);
    for (let i = 0; i < width; i++) inputs[first + i] = confidences[row * width + i];
    for (let i = 0; i < size; i++) inputs[first + width + i] = hidden[row * size + i];
  }
  return inputs;
}
