import { TerraformOutput, TerraformVariable } from 'cdktf';
import { AzureSite, type AzureSiteProps } from '../../../azure/foundation/site';
import { documentedDefaults } from '../../support/defaults';
import { synthesize } from '../stand-ins';

const needed = { prefix: 'acme', location: 'westeurope' };
const workspaceId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/w';
const make = (props: Partial<AzureSiteProps> = {}) => synthesize((stack) => new AzureSite(stack, 'Site', { ...needed, ...props }));

test('makes a resource group, and a workspace in it', () => {
  const { one } = make();
  expect(one('azurerm_resource_group')).toMatchObject({ name: 'acme-data-platform', location: 'westeurope' });
  expect(one('azurerm_log_analytics_workspace')).toMatchObject({
    name: 'acme-logs',
    resource_group_name: expect.stringContaining('azurerm_resource_group.Site_ResourceGroup'),
    sku: 'PerGB2018',
  });
});

test('documents the defaults that it has', () => {
  expect(documentedDefaults('azure/foundation/site.ts', 'AzureSiteProps')).toEqual({
    logRetentionDays: String(make().one('azurerm_log_analytics_workspace').retention_in_days),
  });
});

test('takes every setting', () => {
  expect(make({ logRetentionDays: 90, logQuotaGb: 5 }).one('azurerm_log_analytics_workspace')).toMatchObject({
    retention_in_days: 90,
    daily_quota_gb: 5,
  });
});

test('takes in all logs until somebody sets a bound', () => {
  expect(make().one('azurerm_log_analytics_workspace').daily_quota_gb).toBeUndefined();
});

test('stands in a resource group and reports to a workspace that are there already', () => {
  const { built, json } = make({ resourceGroupName: 'mine', workspaceId });
  expect(built).toMatchObject({ resourceGroupName: 'mine', workspaceId });
  expect(json.resource).toBeUndefined();
});

test('the suffix hangs on the subscription and the prefix, so it is known at plan and survives every deploy', () => {
  const { json } = synthesize((stack) => {
    const site = new AzureSite(stack, 'Site', needed);
    new TerraformOutput(stack, 'suffix', { value: site.suffix });
  });
  const subscription = expect.stringMatching(
    /^\$\{substr\(sha256\(join\("\/", \[data\.azurerm_client_config\.\w+\.subscription_id, "acme"\]\)\), 0, 8\)\}$/,
  );
  expect(json.output.suffix.value).toEqual(subscription);
});

test('stands twice in one stack', () => {
  const { all } = synthesize((stack) => ['one', 'two'].map((prefix) => new AzureSite(stack, prefix, { ...needed, prefix })));
  expect(all('azurerm_resource_group').map(({ name }) => name)).toEqual(['one-data-platform', 'two-data-platform']);
});

test('takes a prefix that is known only at deploy', () => {
  const { one } = synthesize((stack) => {
    const prefix = new TerraformVariable(stack, 'prefix', {}).stringValue;
    return new AzureSite(stack, 'Site', { ...needed, prefix });
  });
  expect(one('azurerm_resource_group').name).toBe('${var.prefix}-data-platform');
});

test('the id of a workspace in the letters that Azure hands out is written as the provider reads it', () => {
  const theirs = '/subscriptions/S/resourcegroups/g/providers/microsoft.operationalinsights/workspaces/w';
  expect(make({ workspaceId: theirs }).built.workspaceId).toBe(workspaceId);
});

describe('refuses', () => {
  test('a second site of one prefix', () =>
    expect(() => synthesize((stack) => ['One', 'Two'].map((id) => new AzureSite(stack, id, needed)))).toThrow(
      new Error('test/Two: each site of a stack must have its own name, got "acme", which test/One has. Choose another prefix.'),
    ));

  test.each<[string, Partial<AzureSiteProps>, string]>([
    [
      'a prefix that no storage account takes',
      { prefix: 'My-Company' },
      'test/Site: prefix must be 2 to 11 lower-case letters and digits, a letter first, got "My-Company". Names of storage accounts and service accounts take no more.',
    ],
    [
      'the long name of a region',
      { location: 'West Europe' },
      'test/Site: location must be the short name of a region, got "West Europe". Write it like swedencentral.',
    ],
    [
      'logs that are gone too soon',
      { logRetentionDays: 7 },
      'test/Site: logRetentionDays must be 30 to 730 days, got 7. To keep logs for longer, export them to a store.',
    ],
    [
      'a workspace that is none',
      { workspaceId: 'logs' },
      'test/Site: workspaceId must be the id of a Log Analytics workspace, got "logs". Find it with az monitor log-analytics workspace show --query id.',
    ],
    [
      'a quota that lets no log in',
      { logQuotaGb: 0 },
      'test/Site: logQuotaGb must be 1 to 1000 GB a day, got 0. Leave logQuotaGb out for no limit.',
    ],
    [
      'a quota for a workspace that is there',
      { workspaceId, logQuotaGb: 5 },
      'test/Site: workspaceId keeps its own settings, got logQuotaGb beside it. Leave logQuotaGb out.',
    ],
    [
      'a retention for a workspace that is there',
      { workspaceId, logRetentionDays: 90 },
      'test/Site: workspaceId keeps its own settings, got logRetentionDays beside it. Leave logRetentionDays out.',
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(message)));
});
