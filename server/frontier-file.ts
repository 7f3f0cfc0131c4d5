import type { Frontier } from './protocol.ts';
import {
  count,
  list,
  number,
  oneOf,
  parseSaved,
  record,
  type SavedKind,
  type Shape,
  text,
} from './saved-file.ts';

const pair: Shape = (value, key) =>
  list(number)(value, key) ?? ((value as number[]).length === 2 ? undefined : key);

const ESTIMATE = record({ value: number, interval: pair });

const POINT = record({
  label: text,
  accuracy: ESTIMATE,
  tpf: record({ denoise: ESTIMATE, total: ESTIMATE }),
  tokensPerSecond: (value, key) => (value === null ? undefined : ESTIMATE(value, key)),
});

const FRONTIER: SavedKind = {
  format: 'unmask-frontier',
  noun: 'frontier',
  shape: record({
    suite: text,
    model: text,
    weights: text,
    device: text,
    tasks: count,
    samples: count,
    accuracy: oneOf('passAt1', 'exactMatch'),
    bestAccuracy: number,
    curves: list(
      record({ name: text, aup: record({ denoise: ESTIMATE, total: ESTIMATE }), points: list(POINT) }),
    ),
  }),
  remedy: 'write it again by unmask eval --frontier',
};

/** Reads a saved frontier and checks that it can be drawn; `name` stands for the file in the sentence of a UserError. */
export function parseFrontier(contents: string, name: string): Frontier {
  return parseSaved(contents, name, FRONTIER);
}
