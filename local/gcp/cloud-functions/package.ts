import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { unzipSync } from 'fflate';
import { RefusedError } from '../../platform';
import { FRAMEWORK } from './instance';

/**
 * Unpack the code of a function. The platform installs what it asks for; here that is the functions framework, and it must
 * be the version that is installed.
 * @param name how the package is called in a refusal
 */
export function unpackFunction(zip: Buffer, folder: string, name: string) {
  const files = unzipSync(zip);
  for (const [file, bytes] of Object.entries(files)) {
    const target = path.join(folder, file);
    if (!target.startsWith(folder + path.sep)) throw new RefusedError(name, `it has a file outside of its folder: ${file}`);
    if (file.endsWith('/')) continue;
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, bytes);
  }
  const { dependencies = {} } = JSON.parse(Buffer.from(files['package.json'] ?? '{}').toString());
  for (const [dependency, version] of Object.entries(dependencies)) {
    if (dependency !== FRAMEWORK.name) throw new RefusedError(`${name}/package.json`, `${dependency} is not installed here. Bundle it.`);
    if (version !== FRAMEWORK.version) {
      throw new RefusedError(`${name}/package.json`, `${dependency} ${version} is asked for, and ${FRAMEWORK.version} is installed here`);
    }
  }
}
