/** One text to learn from, as a data folder has it. */
export type TrainingDocument =
  | { kind: 'text'; text: string }
  | { kind: 'completion'; prompt: string; completion: string }
  | { kind: 'infill'; prefix: string; suffix: string; middle: string }
  /** Token ids of the model's own tokenizer, stop tokens included. */
  | { kind: 'tokens'; prompt: readonly number[]; completion: readonly number[] };

/** Documents of one file; read one at a time, so that a corpus may be larger than memory. */
export interface DocumentFile {
  file: string;
  bytes: number;
  /** SHA-256 of the contents, hexadecimal. */
  hash: string;
  /** How many documents the file holds. */
  count: number;
  read(index: number): Promise<TrainingDocument>;
}
