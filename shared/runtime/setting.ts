/**
 * Read one setting of the handler from its environment.
 * @throws Error when it is missing, which only happens where the code and its template do not belong together
 */
export function setting(name: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new Error(`The setting ${name} is missing. The template that deploys this handler sets it: deploy both from the same commit.`);
}
