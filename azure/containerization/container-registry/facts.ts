import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, ServiceFacts } from '../../../shared/read/facts/types';
import { remove, set } from '../../../shared/read/facts/weaken';
import { type Asked, amount, is, names, only, type Stack } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { references, type TfStack } from '../../../shared/read/tf';
import { alertsOf, armId, METRIC_ALERT, ON_RECORD, RETAINED, referring } from '../../foundation/promises';

const PULL = 'Microsoft.ContainerRegistry/registries/pull/read';
const PUSH = 'Microsoft.ContainerRegistry/registries/push/write';
/** The images that each tier includes, in bytes. */
const INCLUDED: Readonly<Record<string, number>> = { Basic: 10e9, Standard: 100e9, Premium: 500e9 };

export const facts: ServiceFacts = {
  name: 'Container Registry',
  local: { not: 'the local run has no registry of images' },
  unproven: [
    'That a push and a pull need no more permissions than those of AcrPush and AcrPull.',
    'That Container Registry reports the metric StorageUsed often enough for the alert.',
  ],
  types: {
    azurerm_container_registry: {
      name: 'image registry',
      replacedBy: ['name', 'resource_group_name', 'location', 'zone_redundancy_enabled'],
      role: 'holds data',
      named: ['name', /^[a-zA-Z0-9]{5,50}$/],
      tells: (registry) => [
        `Container Registry ${only(registry, 'sku')}`,
        is(registry, 'admin_enabled', false) ? 'no keys' : undefined,
        said.kept(registry),
      ],
      flow: (registry, seen) =>
        seen.access
          .filter(({ identity, may, on }) => identity === 'client' && may === 'AcrPush' && on === registry.name)
          .map(({ may }) => ({
            from: 'client',
            how: `docker push, Entra ID, ${may}`,
            to: registry.stage,
            notes: seen.tell(registry),
            between: ['client', registry.id],
          })),
      takes: ['AcrPush'],
      needs: pusherNeeds,
      promises: [
        setTo({
          rule: 'no-keys',
          must: 'have no admin user',
          at: 'admin_enabled',
          to: [false],
          weak: true,
          worse: 'anyone with the password of the admin user may push and delete',
        }),
        setTo({
          rule: 'private',
          must: 'let nobody pull without signing in',
          at: 'anonymous_pull_enabled',
          to: [false],
          weak: true,
          worse: 'everyone may pull',
        }),
        promised('rings', 'have an alert that fires before its images take more than the tier includes', hasStorageAlert, {
          'there is no alert on the size of its images': remove(referring(METRIC_ALERT)),
          'the alert on the size of its images is disabled': set('enabled', false, referring(METRIC_ALERT)),
          'the alert on the size of its images has a threshold above the tier': set('criteria.0.threshold', 1e12, referring(METRIC_ALERT)),
        }),
        RETAINED,
        ON_RECORD,
      ],
      answered: {
        encrypted: 'Container Registry always encrypts images, with keys of Microsoft.',
        undelete:
          'Terraform has no setting for soft delete of a registry. The role to push does not allow to delete, and an image that is pulled by its digest cannot be replaced.',
      },
      costs: (registry) => [
        {
          what: 'the tier, by the month, with the images that it includes',
          price: (['acrBasic', 'acrPremium'] as const).find((price) => price === `acr${only(registry, 'sku')}`) ?? 'acrStandard',
          units: 1,
          lower: "`sku: 'Basic'` of the registry includes 10 GB of images, and allows fewer pulls at the same time.",
        },
      ],
      effective: /^Microsoft\.(\*|ContainerRegistry)/i,
      computed: { id: armId('Microsoft.ContainerRegistry/registries/acme'), login_server: 'acme.azurecr.io' },
      local: {},
    },
  },
  // https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/containers
  roles: {
    AcrDelete: { permissions: ['Microsoft.ContainerRegistry/registries/artifacts/delete'] },
    AcrPull: { permissions: [PULL] },
    AcrPush: { permissions: [PULL, PUSH] },
  },
  forbidden: {
    azurerm_container_registry_token_password:
      'It creates a password, which anyone who finds it can use. Assign a role to an identity instead.',
    'data.azurerm_container_registry': 'It writes the password of the admin user into the state. Use the id of the registry instead.',
  },
};

/** Builds push to the address in the outputs of the stack, and pull the layers that are there already. */
function pusherNeeds(registry: Asked, stack: Stack): Needed[] {
  const { output } = (stack as TfStack).json;
  const isTarget = references(output?.push_to?.value).includes(registry.id);
  return isTarget ? [PULL, PUSH].map((may) => ({ who: 'client', may, on: registry.id, because: 'a build pushes' })) : [];
}

function hasStorageAlert(registry: Asked, stack: Stack): boolean {
  return alertsOf(METRIC_ALERT, stack).some(
    (alert) =>
      names(alert, 'scopes', registry) &&
      is(alert, 'criteria.metric_name', 'StorageUsed') &&
      is(alert, 'criteria.operator', 'GreaterThan') &&
      amount(alert, 'criteria.threshold') < INCLUDED[String(only(registry, 'sku'))]!,
  );
}
