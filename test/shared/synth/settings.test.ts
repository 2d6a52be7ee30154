import { App, Aws, Lazy as CdkLazy, Token as CdkToken, Duration, Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { App as TerraformApp, Lazy as TerraformLazy, TerraformStack, Token as TerraformToken, TerraformVariable } from 'cdktf';
import { Construct } from 'constructs';
import {
  mayDestroy,
  requireAbsent,
  requireNumber,
  requireOneOf,
  requireResource,
  requireText,
  requireTexts,
  requireTime,
  SettingError,
} from '../../../shared/synth/settings';

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
    ['"5"', '5'],
    ['"${memory}"', '${memory}'],
    ['"two\\nlines"', 'two\nlines'],
    [`"${'9'.repeat(99)}…"`, '9'.repeat(5000)],
    ['true', true],
    ['null', null],
    ['5', 5n],
    ['Symbol(five)', Symbol('five')],
    ['a list', [5]],
    ['an object', Object.create(null)],
    ['a function', () => 5],
  ])('refuses what is no number, and says on one line that it got %s', (got, value) =>
    expect(check(value as number)).toThrow(new Error(`Test/Stage: memory must be 1 to 10 MiB, got ${got}. There is no other.`)),
  );

  test.each([
    ['the AWS CDK', CdkToken.asNumber({ Ref: 'Parameter' })],
    ['CDKTF', variable.numberValue],
  ])('that is calculated with is no value of %s', (_, memory) =>
    expect(() => requireNumber(at(), { memory }, rule, 'known')).toThrow(
      new Error(
        'Test/Stage: memory must be known while synthesizing, got a value that is known only at deploy. Give the number itself, because the construct calculates with it.',
      ),
    ),
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

  test.each(['', 'ABC', 'a b', '$name', '${name}', '${props.name}', 'two\nlines'])('refuses %j', (value) =>
    expect(check(value)).toThrow(new Error(`Test/Stage: prefix must be lower-case letters, got ${JSON.stringify(value)}. Like this: abc.`)),
  );

  test.each([
    ['a list', ['abc']],
    ['true', true],
    ['undefined', undefined],
  ])('refuses %s, even where its spelling matches', (got, value) =>
    expect(check(value as unknown as string)).toThrow(
      new Error(`Test/Stage: prefix must be lower-case letters, got ${got}. Like this: abc.`),
    ),
  );

  test('takes an expression of Terraform in a stack of Terraform alone', () =>
    expect(() => requireText(new Construct(stack, 'Stage'), { prefix: '${var.prefix}' }, rule)).not.toThrow());

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

describe('texts', () => {
  const rule = { pattern: /^[a-z]+$/, must: 'be lower-case letters', remedy: 'Like this: abc.' };
  const check = (names: unknown) => () => requireTexts(at(), { names: names as string[] }, rule);

  test.each([[undefined], [[]], [['abc', 'd']], [['abc', variable.stringValue]], [variable.listValue]])('takes %j', (value) =>
    expect(check(value)).not.toThrow(),
  );

  test('refuses one that is none', () =>
    expect(check('abc')).toThrow(new Error('Test/Stage: names must be a list, got "abc". Like this: abc.')));

  test('refuses one with a wrong text in it', () =>
    expect(check(['abc', ''])).toThrow(new Error('Test/Stage: names must be lower-case letters, got "". Like this: abc.')));
});

describe('a choice', () => {
  const check = (colour: unknown) => () => requireOneOf(at(), { colour }, ['red', 'green', 3], 'Paint it.');

  test.each(['red', 'green', 3])('takes %p', (value) => expect(check(value)).not.toThrow());

  test.each(['', 'Red', '3', variable.stringValue])('refuses %p', (value) =>
    expect(check(value)).toThrow(new Error(`Test/Stage: colour must be red, green or 3, got ${JSON.stringify(value)}. Paint it.`)),
  );
});

describe('a length of time', () => {
  const rule = { from: 24, to: 48, unit: 'hours', remedy: 'There is no other.' } as const;
  const check = (retention: unknown) => () => requireTime(at(), { retention: retention as Duration }, rule);

  test.each([Duration.days(1), Duration.hours(25), Duration.minutes(24 * 60)])('takes %p', (value) => expect(check(value)).not.toThrow());

  test.each([
    ['23', Duration.hours(23)],
    ['24.5', Duration.minutes(24.5 * 60)],
    ['49', Duration.hours(49)],
  ])('refuses %s hours', (got, value) =>
    expect(check(value)).toThrow(new Error(`Test/Stage: retention must be 24 to 48 hours, got ${got}. There is no other.`)),
  );

  test.each([
    ['7', 7],
    ['"1 day"', '1 day'],
    ['an object', {}],
    ['null', null],
  ])('refuses %s, and says how one is written', (got, value) =>
    expect(check(value)).toThrow(
      new Error(`Test/Stage: retention must be a length of time, got ${got}. Write it like Duration.hours(24).`),
    ),
  );
});

describe('a resource', () => {
  const check = (bucket: unknown) => () => requireResource(at(), { bucket });

  test.each([[undefined], [Bucket.fromBucketName(new Stack(), 'Lake', 'lake')]])('may be left out, or be looked up', (value) =>
    expect(check(value)).not.toThrow(),
  );

  test.each([
    ['"lake"', 'lake'],
    ['null', null],
    ['an object', { bucketName: 'lake' }],
  ])('is not %s', (got, value) =>
    expect(check(value)).toThrow(
      new Error(
        `Test/Stage: bucket must be a construct, got ${got}. Import an existing resource with a from method, such as fromBucketName.`,
      ),
    ),
  );
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
  test.each(['', 'Destroy', 'keep', null, '${Token[x.1]}'])('not with the first key at %p, whatever the second says', (removal) =>
    expect(() => mayDestroy(at({ destroyData: 'yes' }), removal as 'destroy')).toThrow(
      new Error(`Test/Stage: removal must be retain or destroy, got ${JSON.stringify(removal)}. Leave it out to keep the data.`),
    ),
  );

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
