/** Why something may be encrypted with a key of Google. */
export function googleKey(setting: string): string {
  return `Google encrypts it with a key of its own, free of charge. For a key of yours, set ${setting}.`;
}
