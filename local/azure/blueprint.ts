import { type Blueprint, RefusedError } from '../platform';
import type { Terraform } from '../template/terraform';
import { coverage } from './coverage';
import { hostConfig, hostCoverage, hostJson } from './functions/host-config';
import { readPackage, readPipeline, readTemplate } from './pipeline';
import { AzurePlatform } from './platform';

/** Reads the synthesized stack of a pipeline on Azure. */
export async function readAzure(folder: string): Promise<Blueprint> {
  const terraform = await readTemplate(folder);
  const ofTemplate = coverage(terraform);
  // What is refused may be what says where the package is.
  const ofPackage = ofTemplate.some(isRefused) ? [] : hostCoverage((await readHost(terraform, folder)).host);
  const covered = [...ofTemplate, ...ofPackage];
  return {
    coverage: covered,
    overrides: [
      'IDENTITY_ENDPOINT and IDENTITY_HEADER = the stand-in, as App Service has its own',
      'NODE_EXTRA_CA_CERTS = the certificate of the stand-in for Blob Storage',
      'primary_blob_endpoint of an account = the stand-in, wherever the template puts it',
    ],
    start: async (surroundings) => {
      const refused = covered.find(isRefused);
      if (refused) throw new RefusedError([refused.type, refused.resource, refused.property].filter(Boolean).join(' '), refused.why!);
      return AzurePlatform.start(surroundings, async (blobs) => {
        const addressed = await readTemplate(folder, blobs);
        const { files, host } = await readHost(addressed, folder);
        return { pipeline: await readPipeline(addressed), code: files, config: hostConfig(host) };
      });
    },
  };
}

async function readHost(terraform: Terraform, folder: string) {
  const files = await readPackage(terraform, folder);
  const hostFile = files['host.json'];
  if (!hostFile) throw new RefusedError('the package', 'it holds no host.json');
  const { app_settings } = terraform.resources('azurerm_function_app_flex_consumption')[0]!.properties;
  return { files, host: hostJson(Buffer.from(hostFile), (app_settings ?? {}) as Readonly<Record<string, unknown>>) };
}

function isRefused({ treatment }: { readonly treatment: string }): boolean {
  return treatment === 'refused';
}
