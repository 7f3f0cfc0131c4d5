/** A call's result as the judge takes it; `v` is JSON text that stays opaque here, since 1.0 must not become 1. */
export type CallResult = { v: string } | { u: string } | { e: { type: string; message: string } };

/** What a run said about itself. Everything in it is the candidate's claim. */
export type RunReport =
  | { kind: 'forbidden'; reason: string }
  | { kind: 'load'; type: string; message: string }
  | { kind: 'results'; results: CallResult[] };

const MOST_DEPTH = 200;

/** Reads a reply of the untrusted side strictly; undefined when anything is out of form. */
export function parseRunReport(text: string, calls: number): RunReport | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  if (typeof value.forbidden === 'string')
    return { kind: 'forbidden', reason: value.forbidden.slice(0, 100) };
  const load = parseError(value.load);
  if (load) return { kind: 'load', ...load };
  if (!Array.isArray(value.results) || value.results.length > calls) return undefined;
  const results: CallResult[] = [];
  for (const item of value.results) {
    const result = parseResult(item);
    if (!result) return undefined;
    results.push(result);
  }
  return { kind: 'results', results };
}

function parseResult(item: unknown): CallResult | undefined {
  if (!isRecord(item)) return undefined;
  if (typeof item.v === 'string') return isShallow(item.v) ? { v: item.v } : { u: 'too deep' };
  if (typeof item.u === 'string') return { u: item.u.slice(0, 80) };
  const e = parseError(item.e);
  return e && { e };
}

function parseError(value: unknown): { type: string; message: string } | undefined {
  if (!isRecord(value) || typeof value.type !== 'string') return undefined;
  return { type: value.type.slice(0, 60), message: String(value.message ?? '').slice(0, 200) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The judge's parser recurses, so that depth is counted here first. */
function isShallow(json: string): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < json.length; i++) {
    const c = json[i];
    if (inString) {
      if (c === '\\') i++;
      else if (c === '"') inString = false;
    } else if (c === '"') inString = true;
    else if (c === '[' || c === '{') {
      if (++depth > MOST_DEPTH) return false;
    } else if (c === ']' || c === '}') depth--;
  }
  return true;
}
