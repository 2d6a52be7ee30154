import { App, Aws, Lazy as CdkLazy, Token as CdkToken, Stack } from 'aws-cdk-lib';
import { App as TerraformApp, Lazy as TerraformLazy, TerraformStack, Token as TerraformToken, TerraformVariable } from 'cdktf';
import { Construct } from 'constructs';
import { mayDestroy, requireAbsent, requireNumber, requireText, SettingError } from '../../../shared/synth/settings';

/** A construct at `Test/Stage`. */
const at = (context: Record<string, unknown> = {}) => new Construct(new Stack(new App({ context }), 'Test'), 'Stage');
const stack = new TerraformStack(new TerraformApp({ skipValidation: true }), 'test');
const variable = new TerraformVariable(stack, 'variable', {});

test('an error says in one line where, the rule, what it got, and what to do', () => {
  const error = new SettingError(at(), 'colour must be red or blue', 'green', 'Paint it.');
  expect([error.name, error.message]).toEqual(['SettingError', 'Test/Stage: colour must be red or blue, got green. Paint it.']);
});

describe('a number', () => {
  const rule = { from: 1, to: 10, unit: 'MiB', remedy: 'There is no other.' };
  const check = (memory: number) => () => requireNumber(at(), { memory }, rule);

  test.each([1, 5, 10])('takes %p', (value) => expect(check(value)).not.toThrow());

  test.each([0, 11, 1.5, -1, NaN, Infinity, -Infinity])('refuses %p', (value) =>
    expect(check(value)).toThrow(new SettingError(at(), 'memory must be 1 to 10 MiB', value, 'There is no other.')),
  );

  test.each([
    ['the AWS CDK', CdkToken.asNumber({ Ref: 'Parameter' })],
    ['the AWS CDK, made late', CdkLazy.number({ produce: () => 99 })],
    ['CDKTF', TerraformToken.asNumber({ memory: 1 })],
    ['CDKTF, made late', TerraformLazy.numberValue({ produce: () => 99 })],
    ['a Terraform variable', variable.numberValue],
  ])('takes a value of %s that is known only at deploy', (_, value) => expect(check(value)).not.toThrow());

  test('is named when it is the one of several that is wrong', () =>
    expect(() => requireNumber(at(), { rate: 1, late: variable.numberValue, burst: 11 }, rule)).toThrow(
      new Error('Test/Stage: burst must be 1 to 10 MiB, got 11. There is no other.'),
    ));
});

describe('a text', () => {
  const rule = { pattern: /^[a-z]+$/, must: 'be lower-case letters', remedy: 'Like this: abc.' };
  const check = (prefix: string) => () => requireText(at(), { prefix }, rule);

  test('takes a text that matches', () => expect(check('abc')).not.toThrow());

  test.each(['', 'ABC', 'a b', '$name'])('refuses %j', (value) =>
    expect(check(value)).toThrow(new Error(`Test/Stage: prefix must be lower-case letters, got "${value}". Like this: abc.`)),
  );

  test.each([
    ['the AWS CDK', Aws.REGION],
    ['the AWS CDK, as a part', `${Aws.REGION}-X`],
    ['CDKTF', TerraformLazy.stringValue({ produce: () => 'A' })],
    ['a Terraform variable', variable.stringValue],
    ['a Terraform variable, as a part', `${variable.stringValue}-X`],
  ])('takes a value of %s that is known only at deploy', (_, value) => expect(check(value)).not.toThrow());

  test('is named when it is the one of several that is wrong', () =>
    expect(() => requireText(at(), { first: 'a', late: variable.stringValue, last: 'Z' }, rule)).toThrow(
      new Error('Test/Stage: last must be lower-case letters, got "Z". Like this: abc.'),
    ));
});

describe('settings beside an existing resource', () => {
  const check = (settings: Record<string, unknown>) => () => requireAbsent(at(), 'bucket', settings);

  test('may be left out', () => expect(check({ retention: undefined, key: undefined })).not.toThrow());

  test.each([
    [{ retention: 7, key: undefined }, 'got retention beside it. Leave retention out.'],
    [{ retention: 0, key: '' }, 'got retention and key beside it. Leave retention and key out.'],
  ])('%j', (settings, message) => expect(check(settings)).toThrow(new Error(`Test/Stage: bucket keeps its own settings, ${message}`)));
});

describe('data may be deleted', () => {
  test.each([
    ['no key', undefined, {}],
    ['the first key on retain', 'retain', {}],
    ['only the second key', undefined, { destroyData: 'yes' }],
    ['the second key, the first on retain', 'retain', { destroyData: 'yes' }],
  ] as const)('not with %s', (_, removal, context) => expect(mayDestroy(at(context), removal)).toBe(false));

  test('with both keys', () => expect(mayDestroy(at({ destroyData: 'yes' }), 'destroy')).toBe(true));

  test.each([
    ['nothing', {}],
    ['"true"', { destroyData: 'true' }],
    ['"true"', { destroyData: true }],
    ['"YES"', { destroyData: 'YES' }],
    ['""', { destroyData: '' }],
  ])('not with the first key and %s', (got, context) =>
    expect(() => mayDestroy(at(context), 'destroy')).toThrow(
      new Error(
        `Test/Stage: removal 'destroy' needs the context destroyData to be "yes", got ${got}. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
      ),
    ),
  );
});
