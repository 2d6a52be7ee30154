import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/** How neighbours meet on every cloud. */
const everywhere = [
  'Binding',
  'Workload',
  'FunctionWorkload',
  'Delivery',
  'DeadLetter',
  'RecordSink',
  'RecordSource',
  'ObjectStore',
  'TableStore',
];

/** What only some clouds have, and why. */
const own: Record<string, { clouds: string[]; because: string }> = {
  Site: {
    clouds: ['azure', 'gcp'],
    because: 'Resources are told their place and their name; a stack of the AWS CDK knows the first and makes the second.',
  },
  RecordTemplate: { clouds: ['aws'], because: 'Only API Gateway hands over records without code, in a template language of its own.' },
  PutRecordRequest: { clouds: ['aws'], because: 'The other half of RecordTemplate.' },
};

/** The interfaces that a file exports, in their order, each with its members. */
function portsOf(cloud: string): Map<string, string[]> {
  const file = path.join(__dirname, '..', cloud, 'ports.ts');
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const exported = source.statements.filter(
    (node) => ts.canHaveModifiers(node) && ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword),
  );
  const interfaces = exported.filter(ts.isInterfaceDeclaration);
  expect(interfaces).toHaveLength(exported.length);
  return new Map(interfaces.map(({ name, members }) => [name.text, members.map((member) => member.name!.getText())]));
}

describe.each(['aws', 'azure', 'gcp'])('the ports of %s', (cloud) => {
  const names = [...portsOf(cloud).keys()];

  test('have the names of every cloud, in the same order', () => expect(names.filter((name) => !own[name])).toEqual(everywhere));

  test('have names of their own only for a reason', () =>
    expect(names.filter((name) => own[name])).toEqual(Object.keys(own).filter((name) => own[name]!.clouds.includes(cloud))));

  test('grant and tell under the same names', () => {
    const ports = portsOf(cloud);
    expect([ports.get('Binding'), ports.get('DeadLetter')]).toEqual([['settings', 'waitFor'], ['bindWriter']]);
    expect([ports.get('ObjectStore'), ports.get('TableStore')]).toEqual([
      ['bindWriter', 'bindReader'],
      ['bindWriter', 'bindReader'],
    ]);
    expect(ports.get('RecordSink')).toContain('bindWriter');
    expect(ports.get('RecordSource')).toEqual(expect.arrayContaining(['deliverTo', 'bindReader']));
  });
});
