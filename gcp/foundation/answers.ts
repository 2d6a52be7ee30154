/** Why a resource may be encrypted with a Google-managed key. */
export function googleKey(setting: string): string {
  return `Google encrypts it with a Google-managed key, free of charge. For your own key, set ${setting}.`;
}
