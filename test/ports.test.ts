import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/** The ideas by which neighbours meet, a file each, and the interfaces of each that every cloud has. */
const everywhere = {
  delivery: ['Delivery', 'DeliveryTarget', 'DirectSource', 'DirectStore'],
  identity: ['Binding', 'Workload', 'FunctionWorkload'],
  jobs: ['StartRequest', 'Job'],
  network: ['Network'],
  records: ['DeadLetter', 'RecordSink', 'RecordSource'],
  stores: ['ObjectStore', 'TableStore'],
};

/** What only some clouds have, and why. */
const own: Record<string, { clouds: string[]; because: string }> = {
  Site: {
    clouds: ['azure', 'gcp'],
    because: 'Resources are told their place and their name; a stack of the AWS CDK knows the first and makes the second.',
  },
  SendRequest: { clouds: ['azure', 'gcp'], because: 'Clients send to the buffer itself. On AWS the entry has an address of its own.' },
  RecordTemplate: { clouds: ['aws'], because: 'Only API Gateway hands over records without code, in a template language of its own.' },
  PutRecordRequest: { clouds: ['aws'], because: 'The other half of RecordTemplate.' },
  RuleWorkload: { clouds: ['aws'], because: 'Only EventBridge puts records by rules, with a role or by a policy of the target.' },
  RuleTarget: { clouds: ['aws'], because: 'The other half of RuleWorkload.' },
  EventTarget: { clouds: ['azure'], because: 'Only Event Grid puts events into a buffer by a subscription that names its kind.' },
  ContainerStore: {
    clouds: ['azure'],
    because: 'Data Factory watches new objects itself, and names them by their account and container, not by a binding.',
  },
  LakeStore: {
    clouds: ['azure'],
    because: 'Unity Catalog signs addresses for clusters, which needs a role on the account beside that on the files.',
  },
  Subnetwork: { clouds: ['gcp'], because: 'Dataflow finds the network by its subnetwork. Elsewhere a network is named as a whole.' },
  RunState: { clouds: ['gcp'], because: 'Workflows looks itself whether a run has ended. Step Functions waits for the end of a task.' },
  RunRequest: { clouds: ['gcp'], because: 'A schedule starts a job and may not see its runs, so a start has no RunState.' },
  Reading: {
    clouds: ['gcp'],
    because: 'Only Pub/Sub counts the tries of a reader itself, so only there an engine with a dead letter of its own says so.',
  },
  MessageTransform: { clouds: ['gcp'], because: 'Only Cloud Storage publishes notifications that a topic must turn into events.' },
  NotificationTarget: { clouds: ['gcp'], because: 'One half of MessageTransform.' },
  NotificationSink: { clouds: ['gcp'], because: 'The other half of MessageTransform.' },
  PolicyTag: {
    clouds: ['gcp'],
    because:
      'Only BigQuery protects columns by a tag that has members of its own. Elsewhere a reader sees whole rows of a store, or a view.',
  },
  ViewNames: { clouds: ['gcp'], because: 'One half of SharedStore.' },
  SharedStore: {
    clouds: ['gcp'],
    because: 'Only BigQuery lets a view read a table for readers who have no access to it. Elsewhere a reader is bound to the store.',
  },
  SchemaStore: {
    clouds: ['gcp'],
    because: 'Only a template of Dataflow fills a table without code of this project, and so must know its columns.',
  },
  BucketStore: { clouds: ['aws'], because: 'Athena and EventBridge name objects by their bucket and prefix, not by a binding.' },
  FileStore: {
    clouds: ['gcp'],
    because: 'Cloud Storage limits a role by a condition on names, which Spark needs wider. On AWS the job writes its policy itself.',
  },
  DeliverySource: {
    clouds: ['aws', 'azure'],
    because: 'A service of its own stands between source and store. Pub/Sub writes into a store itself.',
  },
  CatalogTable: { clouds: ['aws'], because: 'Athena queries tables of the Glue catalog. Elsewhere the store answers queries itself.' },
  DeliveryTable: { clouds: ['aws'], because: 'Firehose converts records with the columns of a table in the Glue catalog.' },
};

/** The interfaces that the ports of a cloud export, by their file and in their order, each with its members. */
function portsOf(cloud: string): Record<string, Record<string, string[]>> {
  const folder = path.join(__dirname, '..', cloud, 'ports');
  return Object.fromEntries(readdirSync(folder).map((file) => [path.basename(file, '.ts'), interfacesIn(path.join(folder, file))]));
}

function interfacesIn(file: string): Record<string, string[]> {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const exported = source.statements.filter(
    (node) => ts.canHaveModifiers(node) && ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword),
  );
  const interfaces = exported.filter(ts.isInterfaceDeclaration);
  expect(interfaces).toHaveLength(exported.length);
  return Object.fromEntries(interfaces.map(({ name, members }) => [name.text, members.map((member) => member.name!.getText())]));
}

describe.each(['aws', 'azure', 'gcp'])('the ports of %s', (cloud) => {
  const { site: _, ...ports } = portsOf(cloud);
  const named = (isOwn: boolean) =>
    Object.fromEntries(Object.entries(ports).map(([file, found]) => [file, Object.keys(found).filter((name) => name in own === isOwn)]));

  test('have the files and the names of every cloud, in the same order', () => expect(named(false)).toEqual(everywhere));

  test('have names of their own only for a reason', () => {
    const names = Object.values(portsOf(cloud)).flatMap((found) => Object.keys(found).filter((name) => own[name]));
    expect(names.sort()).toEqual(
      Object.keys(own)
        .filter((name) => own[name]!.clouds.includes(cloud))
        .sort(),
    );
  });

  test('grant and tell under the same names', () => {
    expect([ports.identity!.Binding, ports.records!.DeadLetter]).toEqual([['settings', 'waitFor'], ['bindWriter']]);
    const stores = Object.fromEntries(Object.entries(ports.stores!).filter(([name]) => !own[name]));
    expect(stores).toEqual({ ObjectStore: ['bindWriter', 'bindReader'], TableStore: ['bindWriter', 'bindReader'] });
    expect(ports.records!.RecordSink).toContain('bindWriter');
    expect(ports.records!.RecordSource).toEqual(expect.arrayContaining(['format', 'deliverTo', 'bindReader']));
    expect(ports.delivery!.DirectStore).toContain('bindDelivery');
    expect(ports.jobs!.Job).toContain('bindStart');
  });
});
