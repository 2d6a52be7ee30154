import { RefusedError } from '../../platform';
import { Resolver, type Template } from '../../template/cloudformation';

const template: Template = {
  Resources: { Bucket: { Type: 'AWS::S3::Bucket' }, Role: { Type: 'AWS::IAM::Role' } },
  Parameters: {
    Size: { Type: 'Number', Default: 5 },
    Asked: { Type: 'String' },
    Looked: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/a' },
  },
};
const resolver = new Resolver(template);
resolver.created('Bucket', { ref: 'my-bucket', attributes: { Arn: 'arn:aws:s3:::my-bucket' } });

test.each<[string, unknown, unknown]>([
  ['a plain value', { a: [1, 'b', true, null] }, { a: [1, 'b', true, null] }],
  ['Ref of a resource', { Ref: 'Bucket' }, 'my-bucket'],
  ['Ref of a pseudo parameter', { Ref: 'AWS::Partition' }, 'aws'],
  ['Ref of a parameter with a default', { Ref: 'Size' }, 5],
  ['Fn::GetAtt', { 'Fn::GetAtt': ['Bucket', 'Arn'] }, 'arn:aws:s3:::my-bucket'],
  ['Fn::GetAtt as a text', { 'Fn::GetAtt': 'Bucket.Arn' }, 'arn:aws:s3:::my-bucket'],
  ['Fn::Join', { 'Fn::Join': ['-', ['a', { Ref: 'Bucket' }, { Ref: 'Size' }]] }, 'a-my-bucket-5'],
  [
    'Fn::Sub',
    { 'Fn::Sub': `\${Bucket}/\${Bucket.Arn}/\${AWS::AccountId}/\${!Kept}` },
    `my-bucket/arn:aws:s3:::my-bucket/000000000000/\${Kept}`,
  ],
  ['Fn::Sub with variables', { 'Fn::Sub': [`\${Name}-\${Size}`, { Name: { Ref: 'Bucket' } }] }, 'my-bucket-5'],
  ['Fn::Select of Fn::Split', { 'Fn::Select': ['1', { 'Fn::Split': ['-', { Ref: 'Bucket' }] }] }, 'bucket'],
  ['a function deep within', { a: [{ b: { Ref: 'Bucket' } }] }, { a: [{ b: 'my-bucket' }] }],
])('%s', (_, value, resolved) => expect(resolver.resolve(value, 'A.B')).toEqual(resolved));

test.each<[string, unknown, string]>([
  ['a function that nobody taught it', { 'Fn::If': ['Yes', 1, 2] }, 'A.B.Fn::If: the local run does not support Fn::If.'],
  ['an import', { a: { 'Fn::ImportValue': 'x' } }, 'A.B.a.Fn::ImportValue: the local run does not support'],
  ['a resource that is not emulated', { Ref: 'Role' }, 'A.B.Ref: Role has no value here.'],
  [
    'an attribute that is not emulated',
    [{ 'Fn::GetAtt': ['Bucket', 'DomainName'] }],
    'A.B[0].Fn::GetAtt: Bucket.DomainName has no value here.',
  ],
  ['a name within Fn::Sub', { 'Fn::Sub': `\${Nobody}` }, 'A.B.Fn::Sub: Nobody has no value here.'],
  ['a parameter without a default', { Ref: 'Asked' }, 'A.B.Ref: the parameter Asked has no default'],
  ['a parameter that an account answers', { Ref: 'Looked' }, 'A.B.Ref: the parameter Looked is read from an account'],
  ['a place that is not there', { 'Fn::Select': [2, ['a']] }, 'A.B.Fn::Select: there is no item 2 among 1.'],
  ['a function that is not alone', { Ref: 'Bucket', more: 1 }, 'A.B.Ref: a function must be the only key of its object.'],
  ['Fn::Join of a list that is none', { 'Fn::Join': ['', 'a'] }, 'A.B.Fn::Join: it must be a list, got "a".'],
])('refuses %s, and says where it stands', (_, value, message) => {
  const refused = expect(() => resolver.resolve(value, 'A.B'));
  refused.toThrow(RefusedError);
  refused.toThrow(message);
});

test('an object is no text', () => expect(() => resolver.text({ a: 1 }, 'A.B')).toThrow('A.B: it must be a text, got {"a":1}.'));
