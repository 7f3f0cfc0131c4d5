import type { DenoiserSpec } from '../../models/spec.ts';
import type { PlannedStep } from '../planner-inputs.ts';
import type { ReplayState, ScoredToken } from './replay/replayer.ts';

/** A response with its states. */
export interface ReplayedResponse {
  promptIds: readonly number[];
  responseIds: readonly number[];
  states: readonly ReplayState[];
}

/** A scored token, the row that predicts it, and where it belongs. */
export interface ScoredRow extends ScoredToken {
  row: number;
  /** Where a planner decided about it: the place of that row among all rows that planners look at. */
  decider?: number;
  /** Which of the responses, and which of its states. */
  response: number;
  state: number;
}

/** Rows of one forward that score responses. */
export interface PolicyRows {
  ids: readonly number[];
  positions: readonly number[];
  visible(row: number, column: number): boolean;
  /** By response, state and position. */
  scored: readonly ScoredRow[];
  /** States in which a planner decided. */
  planned: readonly PlannedStep[];
}

/** A row: where it stands and what it sees. */
interface Row {
  id: number;
  position: number;
  /** Prompt that it is behind; prompts are numbered. */
  prompt: number;
  /** −1: a row of the prompt itself. */
  response: number;
  /** −1: a clean row. */
  state: number;
  /** Clean rows before this position are seen. */
  context: number;
  /** A noisy row sees all rows of its state, a clean one those up to itself. */
  noisy: boolean;
}

/**
 * Lays out responses: `[prompt | clean rows of response 1 | its states | clean rows of response 2 | its states | …]`,
 * every prompt once for all responses that follow each other and have it. A state's rows see the clean rows before it and
 * each other, and only those positions have clean rows that a state needs.
 */
export function policyRows(spec: DenoiserSpec, responses: readonly ReplayedResponse[]): PolicyRows {
  const rows: Row[] = [];
  const scored: ScoredRow[] = [];
  const planned: PlannedStep[] = [];
  let deciders = 0;
  let prompt = -1;
  let promptStart = 0;
  let sharedIds: readonly number[] = [];
  for (const [response, { promptIds, responseIds, states }] of responses.entries()) {
    const shared = sharedLength(spec, promptIds.length);
    if (prompt < 0 || !samePrompt(promptIds, sharedIds)) {
      prompt++;
      promptStart = rows.length;
      sharedIds = promptIds;
      for (let at = 0; at < shared; at++) {
        rows.push(cleanRow(spec, promptIds[at], at, { prompt, response: -1, state: -1 }));
      }
    }
    const sequence = [...promptIds, ...responseIds];
    const cut = states.map((state) => stateRows(spec, sequence, state));
    const cleanEnd = Math.max(shared, ...cut.map(({ cleanEnd }) => cleanEnd));
    const cleanStart = rows.length;
    for (let at = shared; at < cleanEnd; at++) {
      rows.push(cleanRow(spec, sequence[at], at, { prompt, response, state: -1 }));
    }
    for (const [state, { first, tokens, firstMasked }] of cut.entries()) {
      const start = rows.length;
      for (const [i, id] of tokens.entries()) {
        const noisy = i >= firstMasked;
        const position = first + i;
        rows.push({ id, position, prompt, response, state, context: first, noisy });
      }
      const rowOf = (position: number) => {
        const clean = position < shared ? promptStart + position : cleanStart + position - shared;
        return position >= first ? start + position - first : clean;
      };
      const step = plannedStep(spec, states[state], { first, count: tokens.length }, rowOf);
      for (const token of states[state].scored) {
        const row = rowOf(token.position - spec.logitShift);
        const decider = step && token.chosen !== undefined ? deciders + step.rows.indexOf(row) : undefined;
        scored.push({ ...token, row, response, state, ...(decider !== undefined && { decider }) });
      }
      if (step) {
        planned.push(step);
        deciders += step.rows.length;
      }
    }
  }
  return {
    ids: rows.map(({ id }) => id),
    positions: rows.map(({ position }) => position),
    visible: (row, column) => sees(rows[row], rows[column]),
    scored,
    planned,
  };
}

/** Rows that a response has in common with the one before it. */
export function sharedRows(
  spec: DenoiserSpec,
  before: ReplayedResponse,
  { promptIds }: ReplayedResponse,
): number {
  return samePrompt(before.promptIds, promptIds) ? sharedLength(spec, promptIds.length) : 0;
}

function samePrompt(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((id, i) => id === other[i]);
}

/** Tokens of a prompt whose clean rows are the same behind every response: whole blocks on a grid. */
function sharedLength({ cleanAttention, blockSize }: DenoiserSpec, promptLength: number): number {
  if (cleanAttention === 'full') return 0;
  return cleanAttention === 'block' ? promptLength - (promptLength % blockSize) : promptLength;
}

function cleanRow(
  { cleanAttention, blockSize }: DenoiserSpec,
  id: number,
  position: number,
  place: Pick<Row, 'prompt' | 'response' | 'state'>,
): Row {
  const size = cleanAttention === 'block' ? blockSize : 1;
  const context = (Math.floor(position / size) + 1) * size;
  return { id, position, ...place, context, noisy: false };
}

function sees(row: Row, column: Row): boolean {
  if (row.prompt !== column.prompt) return false;
  if (column.state < 0) {
    return (column.response < 0 || column.response === row.response) && column.position < row.context;
  }
  if (row.response !== column.response || row.state !== column.state) return false;
  return row.noisy || column.position <= row.position;
}

/**
 * What a planner looks at in a state whose own rows are `count` from position `first` on: these, and for a causal model
 * the clean row before them, which predicts the first masked position.
 */
function plannedStep(
  { cleanAttention, logitShift }: DenoiserSpec,
  { tokens, scored }: ReplayState,
  { first, count }: { first: number; count: number },
  rowOf: (position: number) => number,
): PlannedStep | undefined {
  const decided = scored.filter(({ chosen }) => chosen !== undefined).map(({ position }) => position);
  if (decided.length === 0) return undefined;
  const before = cleanAttention === 'causal' ? logitShift : 0;
  const positions = Array.from({ length: before + count }, (_, i) => first - before + i);
  const masked = tokens.filter((id) => id === null).length;
  return {
    rows: positions.map(rowOf),
    eligible: positions.map((position) => decided.includes(position + logitShift)),
    time: 1 - masked / positions.length,
  };
}

/** The rows of a state that are not clean rows of the response anyway. */
function stateRows(spec: DenoiserSpec, sequence: readonly number[], { start, tokens, scored }: ReplayState) {
  const causal = spec.cleanAttention === 'causal';
  const differs = tokens.findIndex((id, i) => id === null || id !== sequence[start + i]);
  // What a state shows of the response as it is has clean rows, in a block only all of it together.
  const skipped = differs < 0 ? tokens.length : causal ? differs : 0;
  const first = start + skipped;
  // A causal model has no row for the last position, which would predict the one after the window.
  const all = tokens.slice(skipped, causal ? -1 : undefined);
  // A planner looks at all rows of its step.
  const needed = scored.some(
    ({ position, chosen }) => chosen !== undefined || position - spec.logitShift >= first,
  );
  const rows = needed ? all : [];
  const masked = rows.indexOf(null);
  const lastClean = Math.max(0, ...scored.map(({ position }) => position - spec.logitShift + 1));
  return {
    first,
    tokens: rows.map((id) => id ?? spec.maskTokenId!),
    firstMasked: causal ? (masked < 0 ? rows.length : masked) : 0,
    cleanEnd: needed ? first : Math.min(first, lastClean),
  };
}
