/**
 * Read a setting of the handler from its environment variable.
 * @throws Error when it is missing: the code and the template are from different versions
 */
export function setting(name: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new Error(`The setting ${name} is missing. The template that deploys this handler sets it: deploy both from the same commit.`);
}
