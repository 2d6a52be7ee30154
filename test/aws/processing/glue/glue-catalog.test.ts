import type { Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { FirehoseDelivery } from '../../../../aws/buffer/firehose/firehose-delivery';
import { GlueCatalog, type GlueCatalogProps } from '../../../../aws/processing/glue/glue-catalog';
import { S3Store } from '../../../../aws/store/s3/s3-store';
import { synthesize } from '../../../support/cdk';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';

const make = (props: Partial<GlueCatalogProps> = {}) =>
  synthesize((stack) => new GlueCatalog(stack, 'Catalog', { store: new S3Store(stack, 'Store'), firstYear: 2026, ...props }));
const tableOf = ({ all }: ReturnType<typeof make>, type = 'EXTERNAL_TABLE') =>
  all('AWS::Glue::Table')
    .map(({ Properties }) => Properties.TableInput)
    .find(({ TableType }) => TableType === type)!;
const viewOf = (made: ReturnType<typeof make>) => {
  const [, content] = /^\/\* Presto View: (\S+) \*\/$/.exec(tableOf(made, 'VIRTUAL_VIEW').ViewOriginalText) ?? [];
  return JSON.parse(Buffer.from(content!, 'base64').toString());
};

test('the snapshot', () => {
  const { built, madeBy } = make();
  expectSnapshot(
    'aws/processing/glue/glue-catalog.snapshot.yaml',
    'Partitions are calculated from the query (projection). Each column is text, so no digit is lost.',
    Object.fromEntries(Object.entries(madeBy(built)).filter(([id]) => !id.includes('View'))),
  );
});

test('a reader waits for the table and its view: Quick Sight queries them when a data set is created', () => {
  const { built } = synthesize((stack) => {
    const catalog = new GlueCatalog(stack, 'Catalog', { store: new S3Store(stack, 'Store'), firstYear: 2026 });
    const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('quicksight.amazonaws.com') });
    const { waitFor } = catalog.bindReader(Object.assign(new Construct(stack, 'Reader'), { role }), 'EVENTS');
    return Object.assign(new Construct(stack, 'Waits'), { waitFor });
  });
  const names = built.waitFor.filter(Construct.isConstruct).map(({ node }) => node.path);
  expect(names).toEqual(expect.arrayContaining(['Test/Catalog/Table', 'Test/Catalog/View']));
});

test('documents the defaults that it has', () => {
  const { Name, Parameters } = tableOf(make());
  expect(documentedDefaults('aws/processing/glue/glue-catalog.ts', 'GlueCatalogProps')).toEqual({
    format: Parameters.classification === 'json' ? 'ndjson' : 'parquet',
    table: Name,
  });
  expect(Parameters['projection.year.range']).toBe('2026,2046');
});

test('accepts every setting', () => {
  const made = make({
    lastYear: 2030,
    format: 'parquet',
    table: 'orders',
    columns: { id: 'string', source: 'string', time: 'string', price: 'double' },
    partitions: { tenant: [], kind: ['a', 'b'] },
    database: 'lake',
  });
  expect(made.all('AWS::Glue::Database')).toEqual([]);
  expect(tableOf(made)).toMatchObject({
    Name: 'orders',
    Parameters: {
      'projection.tenant.type': 'injected',
      'projection.kind.type': 'enum',
      'projection.kind.values': 'a,b',
      'projection.year.range': '2026,2030',
    },
    PartitionKeys: ['tenant', 'kind', 'year', 'month', 'day', 'hour'].map((Name) => ({ Name, Type: 'string' })),
  });
  expect(viewOf(made).columns).toContainEqual({ name: 'price', type: 'double' });
  expect(made.built.table).toEqual({ databaseName: 'lake', tableName: 'orders', partitions: ['tenant', 'kind'] });
});

test('the view is the text that Athena writes: the query, the schema, and the columns with their types in Presto', () => {
  const made = make();
  const { originalSql, catalog, schema, columns } = viewOf(made);
  expect([catalog, schema, originalSql.includes(`FROM "${schema}"."events"`)]).toEqual(['awsdatacatalog', made.built.databaseName, true]);
  const inGlue = tableOf(made, 'VIRTUAL_VIEW').StorageDescriptor.Columns.map(({ Name }: { Name: string }) => Name);
  expect(columns.map(({ name }: { name: string }) => name)).toEqual(inGlue);
});

test('a query of the view reads the partitions of its filter only: the day and the given partitions are in the window', () => {
  expect(viewOf(make({ partitions: { tenant: [] } })).originalSql).toContain(
    'PARTITION BY "source", "id", "tenant", "year", "month", "day"',
  );
});

test('names of the database are those that Glue accepts, also in nested constructs', () => {
  const { one } = synthesize((stack) => {
    const store = new S3Store(stack, 'Store');
    return new GlueCatalog(new Construct(stack, 'Some-Group'), 'My.Catalog', { store, firstYear: 2026 });
  });
  expect(one('AWS::Glue::Database').Properties.DatabaseInput.Name).toMatch(/^[a-z0-9_]{1,255}$/);
});

test('lines of JSON are delivered as they are, Parquet with the columns of the table, which the deliverer may read', () => {
  const deliver = (format: 'ndjson' | 'parquet') => {
    const made = synthesize((stack) => {
      const store = new GlueCatalog(stack, 'Catalog', { store: new S3Store(stack, 'Store'), firstYear: 2026, format });
      return new FirehoseDelivery(stack, 'Delivery', { store });
    });
    const { DataFormatConversionConfiguration: conversion } = made.one('AWS::KinesisFirehose::DeliveryStream').Properties
      .ExtendedS3DestinationConfiguration;
    return { conversion, glue: made.allowed(made.built.role).filter(({ Action }) => String(Action).includes('glue:')) };
  };
  expect(deliver('ndjson')).toEqual({ conversion: undefined, glue: [] });
  const { conversion, glue } = deliver('parquet');
  expect(conversion.SchemaConfiguration.TableName).toBe('events');
  expect(glue.map(({ Action }) => Action)).toEqual([['glue:GetTable', 'glue:GetTableVersion', 'glue:GetTableVersions']]);
  expect(JSON.stringify(glue)).toMatch(/:catalog.*:database\/test.*:table\/test/);
});

test('a reader may read this table, its view and its objects, and nothing else', () => {
  const made = synthesize((stack) => {
    const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('ecs.amazonaws.com') });
    const reader = Object.assign(new Construct(stack, 'Reader'), { role });
    const { settings } = new GlueCatalog(stack, 'Catalog', { store: new S3Store(stack, 'Store'), firstYear: 2026 }).bindReader(
      reader,
      'EVENTS',
    );
    expect(Object.keys(settings)).toEqual(['EVENTS_BUCKET', 'EVENTS_PREFIX', 'EVENTS_DATABASE', 'EVENTS_TABLE']);
    return role;
  });
  const actions = made.allowed(made.built).flatMap(({ Action }) => Action);
  expect(actions).toEqual([
    's3:GetObject',
    's3:ListBucket',
    ...['BatchGetPartition', 'GetDatabase', 'GetPartition', 'GetPartitions', 'GetTable', 'GetTables'].map((action) => `glue:${action}`),
    's3:GetBucketLocation',
  ]);
});

describe('refuses', () => {
  test.each<[string, Partial<GlueCatalogProps> | ((stack: Stack) => Partial<GlueCatalogProps>), string]>([
    ['a year of two digits', { firstYear: 26 }, 'firstYear must be 2000 to 9900 as a year, got 26. Partitions have years of four digits.'],
    [
      'a last year before the first',
      { lastYear: 2025 },
      'lastYear must be 2026 to 9999 as a year, got 2025. A query finds no event of a later year, without an error.',
    ],
    [
      'a name that Athena changes',
      { table: 'Events' },
      'table must be named in lower-case letters, digits and underscores, a letter first, got "Events". Athena changes other names, and does not find them.',
    ],
    [
      'a type that no view can have',
      { columns: { id: 'string', source: 'string', time: 'string', data: 'struct<a:int>' } },
      'columns must be string, bigint, double, boolean, got "struct<a:int>". For a nested value use string, and json_extract in the query.',
    ],
    [
      'a table without ids',
      { columns: { source: 'string', time: 'string' } },
      'columns must have id as string, got none. The view without duplicates needs it.',
    ],
    [
      'a partition that is a column',
      { partitions: { subject: [] } },
      'partitions must differ from the columns and the partitions by time, got subject. Give it another name.',
    ],
    [
      'values that are no part of a key',
      { partitions: { tenant: ['a/b'] } },
      'partitions must have values of letters, digits and _ . : @ -, got "a/b". The values are parts of object keys.',
    ],
    [
      'a store that is no S3 store',
      (stack) => ({ store: new Construct(stack, 'Rows') as never }),
      'store must be a store of objects in S3, got Construct. Give an S3Store.',
    ],
  ])('%s', (_, props, message) => {
    const refused = () =>
      synthesize((stack) => {
        const store = new S3Store(stack, 'Store');
        return new GlueCatalog(stack, 'Catalog', { store, firstYear: 2026, ...(typeof props === 'function' ? props(stack) : props) });
      });
    expect(refused).toThrow(new Error(`Test/Catalog: ${message}`));
  });
});
