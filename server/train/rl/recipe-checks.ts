/** What is wrong with the value under a key, without a full stop; undefined when nothing is. */
export type Check = (value: unknown, key: string) => string | undefined;

const must =
  (accepts: (value: unknown) => boolean, what: string): Check =>
  (value, key) => {
    if (accepts(value)) return undefined;
    return `${key} ${value === undefined ? 'is missing' : `is ${JSON.stringify(value)}`} and must be ${what}`;
  };

export const number = (least: number, most: number): Check =>
  must(
    (value) => typeof value === 'number' && value >= least && value <= most,
    `a number from ${least} to ${most}`,
  );

export const whole = (least: number): Check =>
  must(
    (value) => Number.isSafeInteger(value) && (value as number) >= least,
    `a whole number of at least ${least}`,
  );

export const yesOrNo = must((value) => typeof value === 'boolean', 'true or false');

export const among = (...choices: string[]): Check =>
  must((value) => choices.includes(value as string), choices.join(' or '));

export const optional =
  (check: Check): Check =>
  (value, key) =>
    value === undefined ? undefined : check(value, key);

/** A list of at least `least` elements. */
export const listOf =
  (check: Check, least = 1): Check =>
  (value, key) => {
    if (!Array.isArray(value) || value.length < least) return `${key} must be a list of at least ${least}`;
    return firstFault(value.map((item, i) => check(item, `${key}[${i}]`)));
  };

/** An object of these keys and no others. */
export const object =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value, key) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return `${key} must be an object`;
    const stranger = Object.keys(value).find((name) => !Object.hasOwn(checks, name));
    if (stranger !== undefined) {
      return `${key}.${stranger} is not a setting; there are ${Object.keys(checks).join(', ')}`;
    }
    const values = value as Readonly<Record<string, unknown>>;
    return firstFault(Object.entries(checks).map(([name, check]) => check(values[name], `${key}.${name}`)));
  };

function firstFault(faults: readonly (string | undefined)[]): string | undefined {
  return faults.find((fault) => fault !== undefined);
}
