import { Resource, theOnly } from '../../template/resource';
import type { Terraform } from '../../template/terraform';
import { memoryMiB } from '../foundation/quantities';
import type { FunctionSettings } from './function';

/** @param grants the IAM members of Cloud Run services: a function is one */
export function readFunction(called: Resource, grants: readonly Resource[]): FunctionSettings {
  return {
    name: called.text('name'),
    entryPoint: called.text('build_config.entry_point'),
    memoryMiB: called.read('service_config.available_memory', 'an amount such as 512Mi', memoryMiB),
    timeoutSeconds: called.number('service_config.timeout_seconds'),
    concurrency: called.number('service_config.max_instance_request_concurrency'),
    env: readEnv(called),
    invokers: grants.filter((grant) => grant.text('name') === called.text('name')).map((grant) => grant.text('member')),
  };
}

function readEnv(called: Resource): Record<string, string> {
  const variables = called.optional('service_config.environment_variables') ?? {};
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, String(value)]));
}

/** The start of the place of each row that a function writes, from the settings that name its buckets and datasets. */
export function storesIn(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).flatMap(([name, value]) => {
    const [, store, kind] = /^(.+)_(BUCKET|DATASET)$/.exec(name) ?? [];
    if (kind === undefined) return [];
    return [kind === 'BUCKET' ? `${value}/${env[`${store}_PREFIX`] ?? ''}` : `${value}.`];
  });
}

/** The path of the package of the function, relative to the folder of the stack. */
export async function readZip(terraform: Terraform, called: Resource): Promise<string> {
  const [bucket, object] = ['bucket', 'object'].map((part) => called.text(`build_config.source.storage_source.${part}`));
  const objects = await Resource.all(terraform, 'google_storage_bucket_object');
  const found = objects.filter((one) => one.text('bucket') === bucket && one.text('name') === object);
  return theOnly(found, `google_storage_bucket_object ${object} in ${bucket}`).text('source');
}
