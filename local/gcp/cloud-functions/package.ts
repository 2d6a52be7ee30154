import { unzipSync } from 'fflate';
import { RefusedError } from '../../platform';
import { unpack } from '../../unpack';
import { FRAMEWORK } from './instance';

/**
 * Unpack the code of a function. The platform would install its dependencies. Here only the functions framework is installed, and
 * the version must be the same.
 * @param name the name of the package in a refusal
 */
export function unpackFunction(zip: Buffer, folder: string, name: string) {
  const files = unzipSync(zip);
  unpack(files, folder, name);
  const { dependencies = {} } = JSON.parse(Buffer.from(files['package.json'] ?? '{}').toString());
  for (const [dependency, version] of Object.entries(dependencies)) {
    if (dependency !== FRAMEWORK.name) throw new RefusedError(`${name}/package.json`, `${dependency} is not installed here. Bundle it.`);
    if (version !== FRAMEWORK.version) {
      throw new RefusedError(`${name}/package.json`, `it requires ${dependency} ${version}, and ${FRAMEWORK.version} is installed here`);
    }
  }
}
