const MADE = Symbol.for('data-platform-blueprints: made once');

/**
 * Make a value once for each process. In the tests, each file has modules of its own: a variable of a module would be made for each file.
 * Nobody may change the value.
 */
export function oncePerProcess<Value>(name: string, make: () => Value): Value {
  const kept = globalThis as { [MADE]?: Map<string, unknown> };
  kept[MADE] ??= new Map();
  if (!kept[MADE].has(name)) kept[MADE].set(name, make());
  return kept[MADE].get(name) as Value;
}

/** A value of JSON that nobody can change. */
export function frozen<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) frozen(inner);
  return Object.freeze(value);
}
