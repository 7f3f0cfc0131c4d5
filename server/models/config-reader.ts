import { UserError } from '../errors.ts';

/** Reads typed values of one JSON object; every complaint names the file and the key. */
export class ConfigReader {
  /** File the values come from, for messages. */
  readonly file: string;
  readonly #values: Record<string, unknown>;
  /** Dotted path of this object inside the file, with a dot at its end unless empty. */
  readonly #prefix: string;

  constructor(file: string, values: Record<string, unknown>, prefix = '') {
    this.file = file;
    this.#values = values;
    this.#prefix = prefix;
  }

  /** Whether the key is there and not null. */
  has(key: string): boolean {
    return this.#values[key] !== undefined && this.#values[key] !== null;
  }

  /** The error for a value of `key` that cannot be used. */
  refuse(key: string, problem: string): UserError {
    return new UserError(`${this.file}: ${this.#prefix}${key} ${problem}.`);
  }

  /** A finite number above zero. */
  positive(key: string, fallback?: number): number {
    const value = this.#value(key, fallback);
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
    throw this.refuse(key, `must be a number above 0, not ${JSON.stringify(value)}`);
  }

  /** A whole number above zero. */
  count(key: string, fallback?: number): number {
    const value = this.positive(key, fallback);
    if (Number.isSafeInteger(value)) return value;
    throw this.refuse(key, `must be a whole number, not ${value}`);
  }

  /** A whole number from 1 to `most`. */
  countUpTo(key: string, most: number, fallback?: number): number {
    const value = this.count(key, fallback);
    if (value <= most) return value;
    throw this.refuse(key, `must be at most ${most}, not ${value}`);
  }

  /** A whole number of at least 0. */
  index(key: string): number {
    const value = this.#value(key);
    if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
    throw this.refuse(key, `must be a whole number of at least 0, not ${JSON.stringify(value)}`);
  }

  /** A list, empty where the key is absent or null. */
  list(key: string): unknown[] {
    if (!this.has(key)) return [];
    const value = this.#values[key];
    if (Array.isArray(value)) return value;
    throw this.refuse(key, `must be a list, not ${JSON.stringify(value)}`);
  }

  /** Throws UserError for the first of these flags that is true. */
  refuseFlags(...keys: readonly string[]): void {
    const set = keys.find((key) => this.boolean(key, false));
    if (set !== undefined) throw this.refuse(set, 'is true, which is not supported');
  }

  boolean(key: string, fallback: boolean): boolean {
    const value = this.#value(key, fallback);
    if (typeof value === 'boolean') return value;
    throw this.refuse(key, `must be true or false, not ${JSON.stringify(value)}`);
  }

  text(key: string, fallback?: string): string {
    const value = this.#value(key, fallback);
    if (typeof value === 'string') return value;
    throw this.refuse(key, `must be a string, not ${JSON.stringify(value)}`);
  }

  /** One of the given values. */
  choice<T extends string | number>(key: string, choices: readonly T[], fallback?: T): T {
    const value = this.#value(key, fallback);
    if (choices.includes(value as T)) return value as T;
    throw this.refuse(key, `must be ${choices.join(' or ')}, not ${JSON.stringify(value)}`);
  }

  /** A token id below `vocabSize`. */
  tokenId(key: string, vocabSize: number, fallback?: number): number {
    return this.#checkId(key, this.#value(key, fallback), vocabSize);
  }

  /** One token id or a list of them; absent or null gives none. */
  tokenIds(key: string, vocabSize: number): number[] {
    if (!this.has(key)) return [];
    return [this.#values[key]].flat().map((id) => this.#checkId(key, id, vocabSize));
  }

  /** The object under `key`, or undefined when it is absent or null. */
  section(key: string): ConfigReader | undefined {
    if (!this.has(key)) return undefined;
    const value = this.#values[key];
    if (typeof value !== 'object' || Array.isArray(value)) throw this.refuse(key, 'must be an object');
    return new ConfigReader(this.file, value as Record<string, unknown>, `${this.#prefix}${key}.`);
  }

  #value(key: string, fallback?: unknown): unknown {
    const value = this.has(key) ? this.#values[key] : fallback;
    if (value === undefined) throw this.refuse(key, 'is missing');
    return value;
  }

  #checkId(key: string, id: unknown, vocabSize: number): number {
    if (!Number.isSafeInteger(id) || (id as number) < 0) {
      throw this.refuse(key, `must be a token id, not ${JSON.stringify(id)}`);
    }
    if ((id as number) >= vocabSize) {
      throw this.refuse(key, `is ${id}, outside the vocabulary of ${vocabSize} tokens (vocab_size)`);
    }
    return id as number;
  }
}
