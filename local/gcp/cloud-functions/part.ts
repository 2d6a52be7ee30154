import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Answer, serve } from '../../loopback';
import type { Around, Opened, Part } from '../../parts';
import { Resource } from '../../template/resource';
import type { TerraformResource } from '../../template/terraform';
import { serveMetadata, withoutCredentials } from '../identity/metadata';
import type { Site } from '../site';
import { CloudFunction, runtimeEnv } from './function';
import { readFunction, readZip, storesIn } from './function-settings';
import { unpackFunction } from './package';

const TYPE = 'google_cloudfunctions2_function';

/** Functions on Cloud Run, with the functions framework of Google. */
export const PART: Part<Site> = {
  overrides: () => [
    'GCE_METADATA_HOST = the emulated metadata server, whose token is not valid',
    'GOOGLE_APPLICATION_CREDENTIALS = nothing; CLOUDSDK_CONFIG, HOME and PATH = an empty folder',
    'the functions framework listens on loopback, on a free port instead of PORT',
    `Node.js ${process.versions.node} on this machine instead of the runtime of the template; only one instance`,
  ],

  async open(site, around): Promise<Opened> {
    const { terraform } = site;
    const { folder, keep } = around;
    const functions = terraform.resources(TYPE);
    const [first] = functions;
    if (!first) return {};
    const metadata = await serveMetadata(String(await terraform.evaluate(first.properties.project, first.path)));
    keep(() => metadata.close());
    const home = path.join(folder, 'home');
    mkdirSync(home);
    const noCredentials = withoutCredentials(metadata, home);
    // Clients in this process also call the metadata server.
    Object.assign(process.env, noCredentials);

    const begins = await Promise.all(functions.map((one) => openFunction(one, site, around, noCredentials)));
    return {
      async begin() {
        await Promise.all(begins.map((begin) => begin()));
        return {};
      },
    };
  },
};

/** Listen at the address of a function. @returns a function that deploys it, when every part has an address */
async function openFunction(
  { path: at, name, properties }: TerraformResource,
  { terraform, known, endpoints, issuer, clients, writers, folder: stack }: Site,
  { folder, pace, witness, keep }: Around,
  noCredentials: Readonly<Record<string, string>>,
): Promise<() => Promise<void>> {
  let answer: CloudFunction['answer'] = async (): Promise<Answer> => ({ status: 404 });
  const door = await serve((request, body) => answer(request, body));
  keep(() => door.close());
  const url = `http://${door.host}`;
  known.set(`${at}.service_config[0].uri`, url);
  const { max_instance_request_concurrency: concurrency } = (properties.service_config ?? {}) as Readonly<Record<string, unknown>>;
  const stores: string[] = [];
  endpoints.set(url, { concurrency: Number(concurrency ?? 1), stores });

  return async () => {
    const called = (await Resource.all(terraform, TYPE)).find((one) => one.path === at)!;
    const settings = readFunction(called, await Resource.all(terraform, 'google_cloud_run_v2_service_iam_member'));
    stores.push(...storesIn(settings.env));
    const zip = await readZip(terraform, called);
    const code = path.join(folder, 'function', name);
    unpackFunction(readFileSync(path.join(stack, zip)), code, zip);
    const env = { ...runtimeEnv(settings), ...settings.env, ...noCredentials, ...clients };
    const fn = new CloudFunction(settings, {
      url,
      instance: { folder: code, env, log: (line) => witness.log(line) },
      issuer,
      pace,
      incident: (text) => witness.incident(text),
    });
    keep(() => fn.stop());
    answer = fn.answer;
    writers.push(fn);
    await fn.deploy();
  };
}
