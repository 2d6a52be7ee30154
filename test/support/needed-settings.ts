import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Loads a bundle once for each setting, without it, and writes what it throws. */
const SCRIPT = `
const thrown = {};
for (const setting of JSON.parse(process.argv[1])) {
  const { [setting]: value } = process.env;
  process.env[setting] = '';
  delete require.cache[require.resolve('./index.js')];
  try { require('./index.js'); } catch (error) { thrown[setting] = String(error); }
  process.env[setting] = value;
}
console.log(JSON.stringify(thrown));
process.exit();
`;

/**
 * Expects that a bundle does not start without any of its settings, and says which is missing. One process loads it, with this
 * environment and no other, because a process for each setting takes longer than all other tests of a handler.
 * @param folder where its `index.js` is
 */
export async function expectEachNeeded(
  folder: string,
  settings: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>> = {},
) {
  const names = Object.keys(settings);
  const options = { cwd: folder, env: { ...environment, ...settings }, maxBuffer: 2 ** 24 };
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', SCRIPT, JSON.stringify(names)], options);
  const missing = (name: string) => [
    name,
    `Error: The setting ${name} is missing. The template that deploys this handler sets it: deploy both from the same commit.`,
  ];
  expect(names).not.toEqual([]);
  expect(JSON.parse(stdout)).toEqual(Object.fromEntries(names.map(missing)));
}
