/** The settings of a binding: each name starts with the name of the binding, such as `STORE_TABLE`. */
export function prefixed(name: string, settings: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(settings).map(([ending, value]) => [`${name}_${ending}`, value]));
}
