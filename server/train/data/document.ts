/** One text to learn from, as a data folder has it, and what is said there about it. */
export type TrainingDocument = Declared & Content;

interface Declared {
  /** SPDX expression. */
  licence?: string;
  /** The test set that it is from. */
  testSet?: string;
}

type Content =
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
  /** SPDX expression, where it holds for the whole file. */
  licence?: string;
  /** How many documents the file holds, those that are left out not counted. */
  count: number;
  /** Documents that are left out, by the reason. */
  dropped?: Readonly<Record<string, number>>;
  read(index: number): Promise<TrainingDocument>;
}

/** The texts of a document, each by itself and at last put together; none of token ids. */
export function textsOf(document: TrainingDocument): string[] {
  switch (document.kind) {
    case 'text':
      return [document.text];
    case 'completion':
      return [document.prompt, document.completion, document.prompt + document.completion];
    case 'infill':
      return [document.prefix + document.middle + document.suffix];
    case 'tokens':
      return [];
  }
}
