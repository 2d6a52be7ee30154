import { readFileSync } from 'node:fs';
import path from 'node:path';
import { App } from 'cdktf';
import { AzureRealTimeAnalytics } from '../../../azure/architectures/real-time-analytics';
import type { TerraformJson } from '../../support/cdktf';
import { temporaryFolder } from '../../support/folder';

const outdir = temporaryFolder();
const app = new App({ outdir });
new AzureRealTimeAnalytics(app, 'analytics');
app.synth();
const json: TerraformJson = JSON.parse(readFileSync(path.join(outdir, 'stacks/analytics/cdk.tf.json'), 'utf8'));
const all = (type: string): any[] => Object.values(json.resource![type]!);

test('each of the three that read the hub has a consumer group of its own', () => {
  const groups = all('azurerm_eventhub_consumer_group').map(({ name }) => name);
  expect(new Set(groups).size).toBe(3);
});

test('those who build reports read the minutes, and nothing else', () => {
  const read = all('azurerm_role_assignment').filter(({ principal_id }) => principal_id === '${var.readers}');
  expect(read.map(({ role_definition_name, scope }) => [role_definition_name, scope])).toEqual([
    ['Storage Blob Data Reader', '${azurerm_storage_container.lake_served.id}'],
  ]);
});

test('rows of Cosmos DB are kept for 30 days, and files for ever', () => {
  expect(all('azurerm_cosmosdb_sql_container').find(({ name }) => name === 'rows').default_ttl).toBe(30 * 86_400);
  const actions = all('azurerm_storage_management_policy').flatMap(({ rule }) => rule.map((one: any) => one.actions.base_blob));
  expect(actions).toEqual([{ tier_to_cold_after_days_since_modification_greater_than: 90 }]);
});
