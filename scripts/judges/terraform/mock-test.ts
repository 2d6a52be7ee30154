import { factsFor } from '../../../shared/read/terraform';
import { ANSWERS } from './answers';
import armIds from './arm-ids.json';
import { providerOf } from './settings';
import { blocksOf, type TerraformJson } from './stack';

const SOMEBODY = '00000000-0000-0000-0000-000000000000';

/** What the providers would compute, where others are given it and the provider parses it. Everything else may be any word. */
const COMPUTED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  azurerm_storage_account: { primary_blob_endpoint: 'https://acme.blob.core.windows.net/' },
  azurerm_user_assigned_identity: { principal_id: SOMEBODY, client_id: SOMEBODY, tenant_id: SOMEBODY },
  'data.azurerm_client_config': { subscription_id: SOMEBODY, tenant_id: SOMEBODY, client_id: SOMEBODY, object_id: SOMEBODY },
};

/** Answers to what a stack asks for, beside its names. */
const OTHERS: Readonly<Record<string, unknown>> = {
  publishers: ['user:somebody@example.com'],
  senders: { [SOMEBODY]: 'User' },
};

/**
 * A test for `terraform test` that applies a stack without an account: a mock stands for each provider, and gives what it
 * computes in the shape that the provider itself parses.
 * @throws Error on a type of azurerm whose id has a shape that nobody here knows
 */
export function mockTest(json: TerraformJson) {
  const facts = factsFor(json);
  const mocks = (provider: string, section: '' | 'data.', block: string) => {
    const types = blocksOf(json).filter((one) => providerOf(one) === provider && one.type.startsWith('data.') === (section === 'data.'));
    const shaped = types.map(
      ({ type }) =>
        [type.slice(section.length), { defaults: { ...idOf(type), ...(facts.type(type)?.computed ?? COMPUTED[type]) } }] as const,
    );
    const kept = shaped.filter(([, { defaults }]) => Object.keys(defaults).length > 0);
    // A block without a label is refused.
    return kept.length > 0 ? { [block]: Object.fromEntries(kept) } : {};
  };
  const providers = Object.keys(json.provider ?? {});
  const answers = { ...Object.fromEntries(Object.entries(ANSWERS).map(([name, [, longest]]) => [name, longest])), ...OTHERS };
  return {
    mock_provider: Object.fromEntries(
      providers.map((provider) => [provider, { ...mocks(provider, '', 'mock_resource'), ...mocks(provider, 'data.', 'mock_data') }]),
    ),
    variables: Object.fromEntries(Object.entries(answers).filter(([name]) => json.variable?.[name])),
    run: { apply: { command: 'apply' } },
  };
}

/**
 * A stack as a test can apply it and take it away again: without its state, without what guards its data, and without the
 * commands that it runs on the machine that applies.
 */
export function testable({ terraform, resource = {}, ...json }: TerraformJson): TerraformJson {
  const { backend: _, ...rest } = terraform ?? {};
  const free = Object.entries(resource).map(([type, named]) => [
    type,
    Object.fromEntries(
      Object.entries(named).map(([name, { provisioner: _run, lifecycle, ...body }]) => {
        const { prevent_destroy: _guard, ...kept } = (lifecycle ?? {}) as Readonly<Record<string, never>>;
        return [name, { ...body, lifecycle: kept }];
      }),
    ),
  ]);
  return { ...json, resource: Object.fromEntries(free), terraform: rest };
}

function idOf(type: string): { id?: string } {
  if (!type.startsWith('azurerm_')) return {};
  const id = (armIds as Readonly<Record<string, string>>)[type];
  if (!id)
    throw new Error(`scripts/judges/terraform/arm-ids.json has no id for ${type}. Add one in the shape that terraform import takes.`);
  return { id };
}
