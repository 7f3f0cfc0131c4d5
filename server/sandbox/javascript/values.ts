/**
 * Values as data, for JavaScript: the closed set of types that crosses between a candidate's realm and the judge's.
 * Runs inside both, so it takes what it needs of the language before any other code could change it.
 */
const { stringify, parse } = JSON;
const { isArray, from } = Array;
const { entries, getPrototypeOf, prototype: objectPrototype } = Object;
const MOST_NODES = 200_000;
const MOST_DEPTH = 60;

export class Unencodable extends Error {}

/** JSON text of a value; throws Unencodable. */
export function encode(value: unknown): string {
  let nodes = 0;
  const list = (items: Iterable<unknown>, depth: number) => from(items, (item) => walk(item, depth + 1));
  const pairs = (items: Iterable<[unknown, unknown]>, depth: number) =>
    from(items, ([key, item]) => [walk(key, depth + 1), walk(item, depth + 1)]);
  const walk = (v: unknown, depth: number): unknown => {
    if (++nodes > MOST_NODES || depth > MOST_DEPTH) throw new Unencodable('too large');
    if (v === null || typeof v === 'string' || typeof v === 'boolean') return v;
    if (v === undefined) return ['u'];
    if (typeof v === 'number')
      return Number.isFinite(v) && !Object.is(v, -0) ? v : ['n', Object.is(v, -0) ? '-0' : `${v}`];
    if (typeof v === 'bigint') return ['I', `${v}`];
    if (isArray(v)) return ['l', list(v, depth)];
    if (v instanceof Map) return ['m', pairs(v, depth)];
    if (v instanceof Set) return ['s', list(v, depth)];
    if (v instanceof Date) return ['D', v.getTime()];
    const parent = typeof v === 'object' ? getPrototypeOf(v) : undefined;
    if (parent === null || parent === objectPrototype) return ['o', pairs(entries(v as object), depth)];
    throw new Unencodable(`type ${typeof v}`);
  };
  return stringify(walk(value, 0));
}

/** The inverse of encode; throws on anything malformed, and never builds other types. */
export function decode(text: string): unknown {
  const walk = (v: unknown): unknown => {
    if (!isArray(v)) {
      if (v === null || typeof v !== 'object') return v;
      throw new Error('malformed');
    }
    const [tag, data] = v;
    switch (tag) {
      case 'u':
        return undefined;
      case 'n':
        return Number(data);
      case 'I':
        return BigInt(data);
      case 'l':
        return data.map(walk);
      case 's':
        return new Set(data.map(walk));
      case 'm':
        return new Map(data.map((pair: unknown[]) => pair.map(walk)) as [unknown, unknown][]);
      case 'D':
        return new Date(data);
      case 'o': {
        const object: Record<string, unknown> = {};
        for (const [key, item] of data) {
          Object.defineProperty(object, walk(key) as string, {
            value: walk(item),
            writable: true,
            enumerable: true,
            configurable: true,
          });
        }
        return object;
      }
      default:
        throw new Error('malformed');
    }
  };
  return walk(parse(text));
}
