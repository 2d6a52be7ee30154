import { TerraformVariable } from 'cdktf';
import { Principal, type PrincipalProps } from '../../../azure/foundation/principal';
import { documentedDefaults } from '../../support/defaults';
import { synthesize } from '../stand-ins';

const principalId = '00000000-0000-0000-0000-00000000000a';
const make = (props: Partial<PrincipalProps> = {}) =>
  synthesize((stack) => new Principal(stack, 'Builder', { principalId, ...props })).built;

test('creates nothing, and documents the default that it has', () => {
  const { json } = synthesize((stack) => new Principal(stack, 'Builder', { principalId }));
  expect(json.resource).toBeUndefined();
  expect(documentedDefaults('azure/foundation/principal.ts', 'PrincipalProps')).toEqual({ principalType: make().principalType });
});

test('an object id is written in lower case, as Azure returns it', () => {
  expect(make({ principalId: principalId.toUpperCase(), principalType: 'Group' })).toMatchObject({ principalId, principalType: 'Group' });
});

test('an object id that is known only at deploy is left as it is', () => {
  const { built } = synthesize((stack) => {
    const given = new TerraformVariable(stack, 'builder', {}).stringValue;
    return [given, new Principal(stack, 'Builder', { principalId: given }).principalId];
  });
  expect(built[1]).toBe(built[0]);
});

test.each<[Partial<PrincipalProps>, string]>([
  [
    { principalId: 'builder' },
    'test/Builder: principalId must be an object id, got "builder". Find it with az ad user show, az ad group show or az ad sp show.',
  ],
  [
    { principalType: 'App' as 'User' },
    'test/Builder: principalType must be User, Group or ServicePrincipal, got "App". It is the type of the object id.',
  ],
])('refuses %j', (props, message) => expect(() => make(props)).toThrow(new Error(message)));
