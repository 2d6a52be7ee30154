/**
 * How the local run treats the properties of one type of resource, by path. A path includes all properties below it. Indexes of
 * lists are left out of paths.
 *
 * A function gets the value in the template, and returns why the value is refused, or `undefined`.
 */
export type Treatments = Readonly<Record<string, 'emulated' | 'no effect here' | NotRun | ((value: unknown) => string | undefined)>>;

/** A resource or property without an emulator, and the reason. A template with it is not run. */
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

/** Only strings that match the pattern are emulated. */
export function fitting(pattern: RegExp, form: string) {
  return (value: unknown) => (pattern.test(String(value)) ? undefined : `only ${form} is emulated here, got ${JSON.stringify(value)}.`);
}
