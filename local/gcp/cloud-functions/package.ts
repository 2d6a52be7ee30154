import { unzipSync } from 'fflate';
import { RefusedError } from '../../platform';
import { unpack } from '../../unpack';
import { FRAMEWORK } from './instance';

/**
 * Unpack the code of a function. The platform installs what it asks for; here that is the functions framework, and it must
 * be the version that is installed.
 * @param name how the package is called in a refusal
 */
export function unpackFunction(zip: Buffer, folder: string, name: string) {
  const files = unzipSync(zip);
  unpack(files, folder, name);
  const { dependencies = {} } = JSON.parse(Buffer.from(files['package.json'] ?? '{}').toString());
  for (const [dependency, version] of Object.entries(dependencies)) {
    if (dependency !== FRAMEWORK.name) throw new RefusedError(`${name}/package.json`, `${dependency} is not installed here. Bundle it.`);
    if (version !== FRAMEWORK.version) {
      throw new RefusedError(`${name}/package.json`, `${dependency} ${version} is asked for, and ${FRAMEWORK.version} is installed here`);
    }
  }
}
