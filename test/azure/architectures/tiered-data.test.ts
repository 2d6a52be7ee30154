import { readFileSync } from 'node:fs';
import path from 'node:path';
import { App } from 'cdktf';
import { AzureTieredData } from '../../../azure/architectures/tiered-data';
import type { TerraformJson } from '../../support/cdktf';
import { temporaryFolder } from '../../support/folder';

const outdir = temporaryFolder();
const app = new App({ outdir });
new AzureTieredData(app, 'tiered');
app.synth();
const json: TerraformJson = JSON.parse(readFileSync(path.join(outdir, 'stacks/tiered/cdk.tf.json'), 'utf8'));
const all = (type: string): any[] => Object.values(json.resource![type]!);

test('every message goes to the archive, and to the hub that the filter reads', () => {
  const routes = all('azurerm_iothub_route').filter(({ source }) => source === 'DeviceMessages');
  expect(routes.map(({ name, condition }) => [name, condition])).toEqual([
    ['archive', 'true'],
    ['telemetry', 'true'],
  ]);
});

test('only what came as it is moves to the archive tier: what the filter kept can be read at any age', () => {
  const rules = all('azurerm_storage_management_policy').flatMap(({ rule }) => rule);
  const archived = rules.filter(({ actions }) => JSON.stringify(actions).includes('archive'));
  expect(archived.map(({ filters }) => filters.prefix_match)).toEqual([['${azurerm_storage_container.bulk_events.name}/']]);
});

test('the function behind the queue reads what the filter kept, and not the archive', () => {
  const read = all('azurerm_role_assignment').filter(({ role_definition_name }) => role_definition_name === 'Storage Blob Data Reader');
  expect(read.map(({ scope }) => scope)).toEqual(['${azurerm_storage_container.data_events.id}']);
});
