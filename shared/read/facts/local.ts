/**
 * What the local run does with the properties of one type of resource, by their paths. A path covers what lies below it, so
 * that a property without an effect is written once; numbers of list places are left out of paths.
 *
 * A function is asked with the value, as it stands in the template: it returns why the value is refused, or nothing.
 */
export type Treatments = Readonly<Record<string, 'emulated' | 'no effect here' | NotRun | ((value: unknown) => string | undefined)>>;

/** Something that nothing here stands in for, and why. A template with it is not run. */
export interface NotRun {
  readonly notRun: string;
}

/** Only these values are emulated. */
export function onlyValues(...values: readonly unknown[]) {
  return (value: unknown) => {
    if (values.includes(value)) return undefined;
    return `it must be ${values.map((one) => JSON.stringify(one)).join(' or ')} here, got ${JSON.stringify(value)}.`;
  };
}

/** Only these keys of an object are emulated. */
export function onlyKeys(...keys: readonly string[]) {
  return (value: unknown) => {
    const unknown = Object.keys(value as object).find((key) => !keys.includes(key));
    return unknown === undefined ? undefined : `only ${keys.join(' and ')} is emulated here, got ${unknown}.`;
  };
}

/** Only numbers within a range are emulated. */
export function within(from: number, to: number) {
  return (value: unknown) =>
    Number(value) >= from && Number(value) <= to ? undefined : `it must be ${from} to ${to} here, got ${JSON.stringify(value)}.`;
}

/** Only texts of a form are emulated. */
export function fitting(pattern: RegExp, form: string) {
  return (value: unknown) => (pattern.test(String(value)) ? undefined : `only ${form} is emulated here, got ${JSON.stringify(value)}.`);
}
