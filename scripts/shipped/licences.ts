/** Licences that ask for no more than what a page such as docs/shipped.md gives. */
export const ALLOWED = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Python-2.0',
  'Unlicense',
];

/** Why a licence that is not on the list may stay, by the package and its licence. */
const ANSWERS: Readonly<Record<string, string>> = {
  'semaphore undefined': 'its package.json names no licence, and its README says MIT.',
  'spdx-exceptions CC-BY-3.0': 'a list of names, and no code. It asks to name its author, as its package does.',
};

/** Whether an expression of SPDX lets one choose licences of the list. */
export function isAllowed(licence: string | undefined): boolean {
  return (
    licence?.split(' AND ').every((part) =>
      part
        .replace(/^\(|\)$/g, '')
        .split(' OR ')
        .some((name) => ALLOWED.includes(name)),
    ) ?? false
  );
}

/** Why the licence of a package may stay that is not on the list. */
export function answerTo(name: string, licence: string | undefined): string | undefined {
  return ANSWERS[`${name} ${licence}`];
}

/** The answers, each by its package and licence. */
export function answered(): string[] {
  return Object.keys(ANSWERS);
}
