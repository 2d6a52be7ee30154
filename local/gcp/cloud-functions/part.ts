import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Answer, serve } from '../../loopback';
import type { Opened, Part } from '../../parts';
import { Resource, theOnly } from '../../template/resource';
import { serveMetadata, withoutCredentials } from '../identity/metadata';
import type { Site } from '../site';
import { CloudFunction, runtimeEnv } from './function';
import { readFunction, readZip } from './function-settings';
import { unpackFunction } from './package';

const TYPE = 'google_cloudfunctions2_function';

/** A function on Cloud Run, with the functions framework of Google. */
export const PART: Part<Site> = {
  overrides: () => [
    'GCE_METADATA_HOST = the emulated metadata server, whose token is not valid',
    'GOOGLE_APPLICATION_CREDENTIALS = nothing; CLOUDSDK_CONFIG, HOME and PATH = an empty folder',
    'the functions framework listens on loopback, on a free port instead of PORT',
    `Node.js ${process.versions.node} on this machine instead of the runtime of the template; only one instance`,
  ],

  async open({ terraform, known, endpoints, issuer, clients, writers, folder: stack }, { folder, pace, witness, keep }): Promise<Opened> {
    const resource = theOnly(terraform.resources(TYPE), TYPE);
    let answer: CloudFunction['answer'] = async (): Promise<Answer> => ({ status: 404 });
    const door = await serve((request, body) => answer(request, body));
    keep(() => door.close());
    const url = `http://${door.host}`;
    known.set(`${resource.path}.service_config[0].uri`, url);
    const { max_instance_request_concurrency: concurrency } = (resource.properties.service_config ?? {}) as Readonly<
      Record<string, unknown>
    >;
    endpoints.set(url, { concurrency: Number(concurrency ?? 1) });

    const metadata = await serveMetadata(String(await terraform.evaluate(resource.properties.project, resource.path)));
    keep(() => metadata.close());
    const home = path.join(folder, 'home');
    mkdirSync(home);
    const noCredentials = withoutCredentials(metadata, home);
    // Clients in this process also call the metadata server.
    Object.assign(process.env, noCredentials);

    return {
      async begin() {
        const called = theOnly(await Resource.all(terraform, TYPE), TYPE);
        const settings = readFunction(called, await Resource.all(terraform, 'google_cloud_run_v2_service_iam_member'));
        const zip = await readZip(terraform, called);
        const code = path.join(folder, 'function');
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
        return {};
      },
    };
  },
};
