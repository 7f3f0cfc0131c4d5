/**
 * Freezes the realm's built-in objects, so that nothing which Python could reach of them carries state from one
 * candidate to the next; `more` names others that it reaches. An obstacle, not a boundary: the boundary is that the
 * realm holds nothing of the host.
 */
export function freezeRealm(more: unknown[]): void {
  const seen = new Set<unknown>();
  const iteratorOf = (value: Iterable<unknown>) => Object.getPrototypeOf(value[Symbol.iterator]());
  const roots: unknown[] = [
    ...more,
    ...Object.getOwnPropertyNames(globalThis)
      .filter((name) => /^[A-Z]/.test(name))
      .map((name) => (globalThis as unknown as Record<string, unknown>)[name]),
    ...[async () => {}, function* () {}, async function* () {}].map((f) => f.constructor),
    ...[iteratorOf([]), iteratorOf(new Map()), iteratorOf(new Set()), iteratorOf('')],
  ];
  for (const root of roots) harden(root, 0, seen);
}

function harden(value: unknown, depth: number, seen: Set<unknown>): void {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return;
  if (seen.has(value) || depth > 6) return;
  seen.add(value);
  for (const key of Reflect.ownKeys(value)) {
    const property = Reflect.getOwnPropertyDescriptor(value, key);
    if (!property) continue;
    for (const part of [property.value, property.get, property.set]) harden(part, depth + 1, seen);
  }
  harden(Reflect.getPrototypeOf(value), depth + 1, seen);
  if (typeof value === 'object') allowOverriding(value);
  Object.freeze(value);
}

/** Without this, assigning an own property whose name a frozen prototype holds would throw in the interpreter. */
function allowOverriding(prototype: object): void {
  for (const key of Reflect.ownKeys(prototype)) {
    const property = Reflect.getOwnPropertyDescriptor(prototype, key);
    if (!property?.configurable || !property.writable) continue;
    const inherited = property.value;
    Reflect.defineProperty(prototype, key, {
      get: () => inherited,
      set(value: unknown) {
        if (this === prototype) throw new TypeError('frozen');
        Reflect.defineProperty(this, key, { value, writable: true, enumerable: true, configurable: true });
      },
      enumerable: property.enumerable,
      configurable: false,
    });
  }
}
