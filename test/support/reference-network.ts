/**
 * The networks of the families once more, apart from the product's kernels: rows are arrays of doubles, weights are
 * taken by their published names, and every formula is written as the authors' code has it.
 */

export interface StoredTensor {
  dims: number[];
  values: Float32Array;
}

export type Stored = Record<string, StoredTensor>;

/** Logits of every row, [rows][vocabulary]. */
export type Network = (
  ids: readonly number[],
  positions: readonly number[],
  visible: (row: number, column: number) => boolean,
) => number[][];

type Row = number[];

/** What a family does differently. Names lack nothing: they are those of the checkpoint. */
export interface Recipe {
  layers: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  /** Dimensions of a head that are turned. */
  turned: number;
  theta: number;
  epsilon: number;
  embedding: string;
  finalNorm: string;
  head: string;
  layer(index: number): {
    norm: string;
    feedForwardNorm: string;
    queryKeyValue(x: Row): [Row, Row, Row];
    queryNorm?: string;
    keyNorm?: string;
    output: string;
    feedForward(x: Row): Row;
  };
}

export function referenceNetwork(tensors: Stored, recipe: Recipe): Network {
  const { headDim, epsilon } = recipe;
  return (ids, positions, visible) => {
    let states = ids.map((id) => rowsOf(tensors, recipe.embedding)[id]);
    for (let i = 0; i < recipe.layers; i++) {
      const layer = recipe.layer(i);
      const parts = states.map((x, r) => {
        const [q, k, v] = layer.queryKeyValue(rmsNorm(x, vector(tensors, layer.norm), epsilon));
        const turn = (heads: Row[], name: string | undefined) =>
          heads
            .map((head) => (name === undefined ? head : rmsNorm(head, vector(tensors, name), epsilon)))
            .map((head) => rotated(head, positions[r], recipe));
        return {
          query: turn(split(q, headDim), layer.queryNorm),
          key: turn(split(k, headDim), layer.keyNorm),
          value: split(v, headDim),
        };
      });
      states = states.map((x, r) => {
        const seen = parts.filter((_, column) => visible(r, column));
        const mixed = parts[r].query.flatMap((query, head) => {
          const group = Math.floor(head / (recipe.heads / recipe.kvHeads));
          const shares = softmax(seen.map((part) => dot(query, part.key[group]) / Math.sqrt(headDim)));
          const sum: Row = query.map(() => 0);
          for (const [c, { value }] of seen.entries()) {
            for (const [d, number] of value[group].entries()) sum[d] += shares[c] * number;
          }
          return sum;
        });
        const attended = plus(x, times(tensors, layer.output, mixed));
        const fed = layer.feedForward(rmsNorm(attended, vector(tensors, layer.feedForwardNorm), epsilon));
        return plus(attended, fed);
      });
    }
    return states.map((x) =>
      times(tensors, recipe.head, rmsNorm(x, vector(tensors, recipe.finalNorm), epsilon)),
    );
  };
}

/** W·x, plus the bias beside the weight where there is one; `name` lacks the `.weight`. */
export function times(tensors: Stored, name: string, x: Row): Row {
  const bias = tensors[`${name}.bias`]?.values;
  return rowsOf(tensors, name).map((row, i) => dot(row, x) + (bias ? bias[i] : 0));
}

/** down(silu(gate·x) ⊙ up·x) with the names of three matrices. */
export function gated(tensors: Stored, gate: string, up: string, down: string, x: Row): Row {
  const [g, u] = [times(tensors, gate, x), times(tensors, up, x)];
  return times(
    tensors,
    down,
    g.map((value, i) => (value / (1 + Math.exp(-value))) * u[i]),
  );
}

/** Qwen3-MoE: softmax over all experts, the best ones, divided by their sum. */
export function softmaxExperts(tensors: Stored, at: string, count: number, chosen: number, x: Row): Row {
  const scores = softmax(times(tensors, `${at}.gate`, x));
  const best = ranked(scores).slice(0, chosen);
  const total = best.reduce((sum, e) => sum + scores[e], 0);
  if (scores.length !== count) throw new Error('the router has another number of experts');
  return best
    .map((e) => expert(tensors, `${at}.experts.${e}`, x).map((value) => (value * scores[e]) / total))
    .reduce(plus);
}

/**
 * LLaDA2: sigmoid scores; with a bias they choose the two best groups by the sum of each group's two best, and among
 * those groups the experts; the unbiased scores, divided by their sum and scaled, weigh them; one expert is shared.
 */
export function groupedExperts(
  tensors: Stored,
  at: string,
  {
    groups,
    openGroups,
    chosen,
    scale,
  }: { groups: number; openGroups: number; chosen: number; scale: number },
  x: Row,
): Row {
  const scores = times(tensors, `${at}.gate`, x).map((value) => 1 / (1 + Math.exp(-value)));
  const biased = scores.map((score, e) => score + tensors[`${at}.gate.expert_bias`].values[e]);
  const inGroup = scores.length / groups;
  const groupScores = Array.from({ length: groups }, (_, g) => {
    const [first, second] = biased.slice(g * inGroup, (g + 1) * inGroup).sort((a, b) => b - a);
    return first + second;
  });
  const open = ranked(groupScores).slice(0, openGroups);
  const masked = biased.map((score, e) => (open.includes(Math.floor(e / inGroup)) ? score : -Infinity));
  const best = ranked(masked).slice(0, chosen);
  const total = best.reduce((sum, e) => sum + scores[e], 0);
  return best
    .map((e) => expert(tensors, `${at}.experts.${e}`, x).map((value) => (value * scale * scores[e]) / total))
    .reduce(plus, expert(tensors, `${at}.shared_experts`, x));
}

function expert(tensors: Stored, at: string, x: Row): Row {
  return gated(tensors, `${at}.gate_proj`, `${at}.up_proj`, `${at}.down_proj`, x);
}

/** Indices by falling value. */
function ranked(values: Row): number[] {
  return [...values.keys()].sort((a, b) => values[b] - values[a]);
}

/** rotate_half: dimension i and i + turned/2 form a pair; what lies behind `turned` stays. */
function rotated(x: Row, position: number, { turned, theta }: Recipe): Row {
  const half = turned / 2;
  return x.map((value, d) => {
    if (d >= turned) return value;
    const angle = position / theta ** ((2 * (d % half)) / turned);
    const other = d < half ? -x[d + half] : x[d - half];
    return value * Math.cos(angle) + other * Math.sin(angle);
  });
}

function rmsNorm(x: Row, weight: ArrayLike<number>, epsilon: number): Row {
  const scale = 1 / Math.sqrt(dot(x, x) / x.length + epsilon);
  return x.map((value, i) => value * scale * weight[i]);
}

function vector(tensors: Stored, name: string): Float32Array {
  return tensors[`${name}.weight`].values;
}

const ROWS = new WeakMap<StoredTensor, Row[]>();

/** The rows of a matrix, made once. */
function rowsOf(tensors: Stored, name: string): Row[] {
  const tensor = tensors[`${name}.weight`];
  const rows = ROWS.get(tensor) ?? split([...tensor.values], tensor.dims[1]);
  ROWS.set(tensor, rows);
  return rows;
}

export function softmax(values: Row): Row {
  const most = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - most));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}

function split(values: Row, size: number): Row[] {
  return Array.from({ length: values.length / size }, (_, i) => values.slice(i * size, (i + 1) * size));
}

function dot(a: Row, b: Row): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function plus(a: Row, b: Row): Row {
  return a.map((value, i) => value + b[i]);
}
