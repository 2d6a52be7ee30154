import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { RefusedError } from '../platform';
import { PSEUDO, type Template } from './cloudformation';

/** What `cdk synth` wrote, as far as one stack goes. */
export interface Assembly {
  readonly stackName: string;
  readonly template: Template;
  /** The file that a deploy would put into `bucket` under `key`. */
  asset(bucket: string, key: string): string;
}

interface Manifest {
  readonly artifacts?: Readonly<Record<string, { readonly type: string; readonly properties?: Readonly<Record<string, unknown>> }>>;
}

interface AssetManifest {
  readonly files?: Readonly<Record<string, AssetFile>>;
}

interface AssetFile {
  readonly source: { readonly path?: string; readonly packaging?: string };
  readonly destinations: Readonly<Record<string, { readonly bucketName: string; readonly objectKey: string }>>;
}

/**
 * Read a cloud assembly with one stack.
 * @throws RefusedError when it holds none, several, or stages with assemblies of their own
 */
export function readAssembly(folder: string): Assembly {
  const { artifacts = {} } = readJson<Manifest>(folder, 'manifest.json');
  const of = (type: string) => Object.entries(artifacts).filter(([, artifact]) => artifact.type === type);
  if (of('cdk:cloud-assembly').length > 0)
    throw new RefusedError('manifest.json', 'it holds stages of the CDK. Name the folder of one stage.');
  const [stack, ...others] = of('aws:cloudformation:stack');
  if (!stack || others.length > 0) {
    throw new RefusedError(
      'manifest.json',
      `it must hold exactly one stack, got ${others.length + (stack ? 1 : 0)}. Synthesize one blueprint.`,
    );
  }
  const [id, { properties = {} }] = stack;
  const files = of('cdk:asset-manifest').flatMap(([, asset]) =>
    Object.values(readJson<AssetManifest>(folder, String(asset.properties?.file)).files ?? {}),
  );
  return {
    stackName: typeof properties.stackName === 'string' ? properties.stackName : id,
    template: readJson<Template>(folder, String(properties.templateFile)),
    asset: (bucket, key) => {
      const place = `s3://${bucket}/${key}`;
      const found = files.find(({ destinations }) =>
        Object.values(destinations).some(({ bucketName, objectKey }) => placed(bucketName) === bucket && placed(objectKey) === key),
      );
      if (!found) throw new RefusedError(place, 'the assembly has no asset for it. Synthesize again, without --no-staging.');
      const { path: file, packaging } = found.source;
      if (!file || packaging !== 'file' || !file.endsWith('.zip')) {
        throw new RefusedError(
          place,
          `the asset must be a zip file, got ${file ?? 'a command'} as ${packaging}. Bundle the handler into a zip.`,
        );
      }
      return path.join(folder, file);
    },
  };
}

/** The manifest spells account and region as `${AWS::AccountId}`, whatever the template does. */
function placed(text: string): string {
  return text.replace(/\$\{(AWS::\w+)\}/g, (spelled, name: string) => PSEUDO[name] ?? spelled);
}

function readJson<Content>(folder: string, file: string): Content {
  const whole = path.join(folder, file);
  if (!existsSync(whole)) throw new RefusedError(whole, 'it does not exist. Synthesize first: npm start -- aws.');
  return JSON.parse(readFileSync(whole, 'utf8'));
}
