import { type Facts, unknownType } from '../../../shared/read/facts/find';
import type { TypeFacts } from '../../../shared/read/facts/types';
import { factsFor } from '../../../shared/read/terraform';
import { ANSWERS } from './answers';
import { providerOf } from './settings';
import { blocksOf, type TerraformJson } from './stack';

const SOMEBODY = '00000000-0000-0000-0000-000000000000';

/** Answers to what a stack asks for, beside its names. */
const OTHERS: Readonly<Record<string, unknown>> = {
  publishers: ['user:somebody@example.com'],
  senders: { [SOMEBODY]: 'User' },
  stewards: ['user:somebody@example.com'],
  viewers: ['user:somebody@example.com'],
};

/**
 * A test for `terraform test` that applies a stack without an account: a mock stands for each provider, and gives what it
 * computes in the shape that the provider itself parses.
 * @throws Error on a type of azurerm whose id no facts say
 */
export function mockTest(json: TerraformJson) {
  const facts = factsFor(json);
  const mocks = (provider: string, section: '' | 'data.', block: string) => {
    const types = blocksOf(json).filter((one) => providerOf(one) === provider && one.type.startsWith('data.') === (section === 'data.'));
    const shaped = types.map(({ type }) => [type.slice(section.length), { defaults: computedOf(type, facts) }] as const);
    const kept = shaped.filter(([, { defaults }]) => Object.keys(defaults).length > 0);
    // A block without a label is refused.
    return kept.length > 0 ? { [block]: Object.fromEntries(kept) } : {};
  };
  const providers = Object.entries(json.provider ?? {}) as [string, readonly { readonly alias?: string }[]][];
  const answers = { ...Object.fromEntries(Object.entries(ANSWERS).map(([name, [, longest]]) => [name, longest])), ...OTHERS };
  return {
    mock_provider: Object.fromEntries(
      providers.map(([provider, configured]) => {
        const mocked = { ...mocks(provider, '', 'mock_resource'), ...mocks(provider, 'data.', 'mock_data') };
        return [provider, configured.map(({ alias }) => (alias === undefined ? mocked : { alias, ...mocked }))];
      }),
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

function computedOf(type: string, facts: Facts): NonNullable<TypeFacts['computed']> {
  const known = facts.type(type);
  const computed = known?.computed ?? {};
  if (!type.startsWith('azurerm_') || computed.id !== undefined) return computed;
  throw new Error(
    known ? `${known.folder}/facts.ts must say the id of ${type}, in the shape that terraform import takes.` : unknownType(type),
  );
}
