import { existsSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import ts from 'typescript';
import { dependencies } from '../../package.json';
import { servicesOf } from '../../scripts/cost/service';

const root = path.join(__dirname, '../..');
const services = servicesOf();

/** Every file that a file stands on, itself included, and every package. Neither is compiled here: `tsc` does that with all of them. */
function standsOn(entry: string, seen = { files: new Set<string>(), packages: new Set<string>() }) {
  if (seen.files.has(entry)) return seen;
  seen.files.add(entry);
  if (!entry.endsWith('.ts')) return seen;
  for (const { fileName } of ts.preProcessFile(readFileSync(path.join(root, entry), 'utf8'), true, true).importedFiles) {
    if (fileName.startsWith('.')) standsOn(resolved(path.join(path.dirname(entry), fileName)), seen);
    else seen.packages.add(fileName.replace(/^((?:@[^/]+\/)?[^/]+).*$/, '$1'));
  }
  return seen;
}

function resolved(file: string): string {
  const found = [`${file}.ts`, `${file}.d.ts`, file].find((one) => existsSync(path.join(root, one)));
  if (!found) throw new Error(`there is no ${file}`);
  return found;
}

/** What of a service is copied: what readers of templates and of this repository need stays behind. */
function copied(service: string): string[] {
  const files = ts.sys.readDirectory(path.join(root, service), ['.ts']).map((file) => path.relative(root, file));
  return files.filter((file) => !/\/(facts|example|promises)\.ts$/.test(file));
}

test('there are services to be copied', () => expect(services.length).toBeGreaterThanOrEqual(10));

test.each(services)(
  '%s stands on its folder, the ports and the foundation of its cloud, and the checks, and on packages that are listed',
  (service) => {
    const [cloud] = service.split('/');
    const come = [service, `${cloud}/ports`, `${cloud}/foundation`, 'shared/synth'];
    for (const file of copied(service)) {
      const { files, packages } = standsOn(file);
      expect([file, [...files].filter((one) => !come.some((folder) => one.startsWith(`${folder}/`)))]).toEqual([file, []]);
      const ours = [...Object.keys(dependencies), ...builtinModules.map((name) => `node:${name}`)];
      expect([file, [...packages].filter((name) => !ours.includes(name))]).toEqual([file, []]);
    }
  },
);
