import { App, Duration, Stack } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { App as TerraformApp, TerraformStack, TerraformVariable } from 'cdktf';
import type { Construct } from 'constructs';
import { AwsPipeline } from '../aws/architectures/pipeline';
import { KinesisBuffer } from '../aws/buffer/kinesis/kinesis-buffer';
import { ApiGatewayEntry } from '../aws/connect/api-gateway/api-gateway-entry';
import { LambdaProcessor } from '../aws/processing/lambda/lambda-processor';
import { S3Store } from '../aws/store/s3/s3-store';
import { AzurePipeline } from '../azure/architectures/pipeline';
import { EventHubBuffer } from '../azure/connect/event-hub/event-hub-buffer';
import { EventHubEntry } from '../azure/connect/event-hub/event-hub-entry';
import { AzureSite } from '../azure/foundation/site';
import { FunctionProcessor } from '../azure/processing/functions/function-processor';
import { BlobStore } from '../azure/store/blob/blob-store';
import { GcpPipeline } from '../gcp/architectures/pipeline';
import { PubSubBuffer } from '../gcp/connect/pub-sub/pub-sub-buffer';
import { PubSubEntry } from '../gcp/connect/pub-sub/pub-sub-entry';
import { ProjectSite } from '../gcp/foundation/site';
import { CloudFunctionProcessor } from '../gcp/processing/cloud-functions/cloud-function-processor';
import { BigQueryStore } from '../gcp/store/bigquery/bigquery-store';
import { SettingError } from '../shared/synth/settings';
import { settingsOf } from './support/defaults';
import { temporaryFolder } from './support/folder';

/**
 * What nobody can mean, by the kind of setting. TypeScript refuses some of it; who writes JavaScript, or reads a setting
 * from an environment, has these checks alone.
 */
const WRONG: Readonly<Record<string, readonly unknown[]>> = {
  number: [NaN, Infinity, -Infinity, -1, 0.5, 1e9, '', '5', true, [], {}, 5n],
  text: ['', ' ', 'two\nlines', 'nul\0', 'X'.repeat(5000), 5, true, [], ['acme'], {}],
  texts: ['', 'x', 5, {}, [''], ['x'], [5], ['two\nlines'], [['x']]],
  choice: ['', 'x', 'two\nlines', -5, true, {}, '${var.choice}'],
  time: [5, '5', '', NaN, {}, [], Duration.millis(1), Duration.days(1_000_000)],
  resource: ['', 'name', 5, true, {}, []],
  stores: [[{}], { '': {} }, { 'my-store': {} }, { '1': {} }, { 'two\nlines': {} }],
  columns: ['', 'x', 5, {}, [''], [{}], [{ name: '', type: 'STRING' }], [{ name: 'a', type: 'TEXT' }], [{ name: 5, type: 'STRING' }]],
  senders: [{ x: 'User' }, { '6f9619ff-8b86-d011-b42d-00cf4fc964ff': 'x' }, { '6f9619ff-8b86-d011-b42d-00cf4fc964ff': 5 }],
  /** Objects that stages hand each other. One that is wrong fails, if not in words. */
  neighbour: [],
};

const outdir = temporaryFolder();
const aws = new Stack(new App({ outdir }), 'Test');
const terraform = new TerraformStack(new TerraformApp({ outdir, skipValidation: true }), 'test');
const late = new TerraformVariable(terraform, 'late', {});
const code = { zip: __filename, hash: 'abc' };
const sink = new KinesisBuffer(aws, 'Sink');
const azure = new AzureSite(terraform, 'Azure', { prefix: 'acme', location: 'westeurope' });
const hub = new EventHubBuffer(terraform, 'Hub', { site: azure });
const blobs = new BlobStore(terraform, 'Blobs', { site: azure });
const gcp = new ProjectSite(terraform, 'Gcp', { project: 'acme-data', region: 'europe-west1', prefix: 'acme' });
const topic = new PubSubBuffer(terraform, 'PubSub', { site: gcp });

interface Made {
  readonly file: string;
  readonly settings: Readonly<Record<string, keyof typeof WRONG>>;
  make(id: string, props: any): Construct;
}

const MADE: Readonly<Record<string, Made>> = {
  KinesisBuffer: {
    file: 'aws/buffer/kinesis/kinesis-buffer.ts',
    settings: { retention: 'time', encryptionKey: 'resource', stream: 'resource', deadLetterQueue: 'resource', removal: 'choice' },
    make: (id, props) => new KinesisBuffer(aws, id, props),
  },
  S3Store: {
    file: 'aws/store/s3/s3-store.ts',
    settings: {
      prefix: 'text',
      archiveAfter: 'time',
      undeleteWindow: 'time',
      encryptionKey: 'resource',
      bucket: 'resource',
      removal: 'choice',
    },
    make: (id, props) => new S3Store(aws, id, props),
  },
  ApiGatewayEntry: {
    file: 'aws/connect/api-gateway/api-gateway-entry.ts',
    settings: {
      sink: 'neighbour',
      eventSchema: 'neighbour',
      authorizer: 'neighbour',
      rateLimit: 'number',
      burstLimit: 'number',
      logRetention: 'choice',
      accessLog: 'resource',
      accountLogRole: 'choice',
    },
    make: (id, props) => new ApiGatewayEntry(aws, id, { sink, eventSchema: {}, ...props }),
  },
  LambdaProcessor: {
    file: 'aws/processing/lambda/lambda-processor.ts',
    settings: {
      code: 'neighbour',
      source: 'neighbour',
      stores: 'stores',
      delivery: 'neighbour',
      memoryMiB: 'number',
      timeout: 'time',
      logRetention: 'choice',
      role: 'resource',
    },
    make: (id, props) => new LambdaProcessor(aws, id, { code: Code.fromInline('0'), source: sink, stores: {}, ...props }),
  },
  AzureSite: {
    file: 'azure/foundation/site.ts',
    settings: {
      prefix: 'text',
      location: 'text',
      resourceGroupName: 'text',
      workspaceId: 'text',
      logRetentionDays: 'number',
      logQuotaGb: 'number',
    },
    make: (id, props) => new AzureSite(terraform, id, { prefix: 'acme', location: 'westeurope', ...props }),
  },
  EventHubBuffer: {
    file: 'azure/connect/event-hub/event-hub-buffer.ts',
    settings: {
      site: 'neighbour',
      name: 'text',
      retentionDays: 'number',
      partitionCount: 'number',
      maxThroughputUnits: 'number',
      namespaceId: 'text',
      hubId: 'text',
      notify: 'texts',
      removal: 'choice',
    },
    make: (id, props) => new EventHubBuffer(terraform, id, { site: azure, ...props }),
  },
  EventHubEntry: {
    file: 'azure/connect/event-hub/event-hub-entry.ts',
    settings: { sink: 'neighbour', senders: 'senders' },
    make: (id, props) => new EventHubEntry(terraform, id, { sink: hub, ...props }),
  },
  FunctionProcessor: {
    file: 'azure/processing/functions/function-processor.ts',
    settings: {
      site: 'neighbour',
      code: 'neighbour',
      source: 'neighbour',
      stores: 'stores',
      deadLetter: 'neighbour',
      delivery: 'neighbour',
      name: 'text',
      memoryMiB: 'choice',
      maxInstances: 'number',
      publish: 'choice',
      identity: 'neighbour',
      notify: 'texts',
    },
    make: (id, props) =>
      new FunctionProcessor(terraform, id, { site: azure, code, source: hub, stores: {}, deadLetter: blobs.deadLetter, ...props }),
  },
  BlobStore: {
    file: 'azure/store/blob/blob-store.ts',
    settings: {
      site: 'neighbour',
      name: 'text',
      redundancy: 'choice',
      archiveAfterDays: 'number',
      undeleteWindowDays: 'number',
      accountId: 'text',
      notify: 'texts',
      removal: 'choice',
    },
    make: (id, props) => new BlobStore(terraform, id, { site: azure, ...props }),
  },
  ProjectSite: {
    file: 'gcp/foundation/site.ts',
    settings: { project: 'text', region: 'text', prefix: 'text' },
    make: (id, props) => new ProjectSite(terraform, id, { project: 'acme-data', region: 'europe-west1', prefix: 'acme', ...props }),
  },
  PubSubBuffer: {
    file: 'gcp/connect/pub-sub/pub-sub-buffer.ts',
    settings: {
      site: 'neighbour',
      name: 'text',
      retentionDays: 'number',
      encryptionKey: 'text',
      topicId: 'text',
      notify: 'texts',
      removal: 'choice',
    },
    make: (id, props) => new PubSubBuffer(terraform, id, { site: gcp, ...props }),
  },
  PubSubEntry: {
    file: 'gcp/connect/pub-sub/pub-sub-entry.ts',
    settings: { sink: 'neighbour', publishers: 'texts' },
    make: (id, props) => new PubSubEntry(terraform, id, { sink: topic, ...props }),
  },
  CloudFunctionProcessor: {
    file: 'gcp/processing/cloud-functions/cloud-function-processor.ts',
    settings: {
      site: 'neighbour',
      code: 'neighbour',
      source: 'neighbour',
      stores: 'stores',
      delivery: 'neighbour',
      name: 'text',
      memoryMiB: 'number',
      timeoutSeconds: 'number',
      concurrency: 'number',
      maxInstances: 'number',
      serviceAccount: 'text',
      notify: 'texts',
    },
    make: (id, props) => new CloudFunctionProcessor(terraform, id, { site: gcp, code, source: topic, stores: {}, ...props }),
  },
  BigQueryStore: {
    file: 'gcp/store/bigquery/bigquery-store.ts',
    settings: {
      site: 'neighbour',
      name: 'text',
      columns: 'columns',
      retentionDays: 'number',
      undeleteWindowDays: 'number',
      encryptionKey: 'text',
      datasetId: 'text',
      removal: 'choice',
    },
    make: (id, props) => new BigQueryStore(terraform, id, { site: gcp, ...props }),
  },
};

let tries = 0;

describe.each(Object.entries(MADE))('%s', (name, { file, settings, make }) => {
  const stack = file.startsWith('aws/') ? aws : terraform;

  test('has no setting that this list does not know', () => expect(Object.keys(settings)).toEqual(settingsOf(file, `${name}Props`)));

  test('refuses what nobody can mean, in one line, before it makes anything', () => {
    for (const [setting, kind] of Object.entries(settings)) {
      for (const value of WRONG[kind]!) {
        const id = `Refused${++tries}`;
        const error = faultOf(() => make(id, { [setting]: value }));
        expect([setting, value, error]).toEqual([setting, value, expect.any(SettingError)]);
        expect((error as Error).message).toMatch(new RegExp(`^${stack === aws ? 'Test' : 'test'}/${id}: .{1,400}\\.$`));
        expect(stack.node.findChild(id).node.children).toEqual([]);
      }
    }
  });
});

describe('a delivery', () => {
  const deliveries: [string, Record<string, keyof typeof WRONG>, (delivery: any) => void][] = [
    [
      'Kinesis',
      { batchSize: 'number', batchWindow: 'time', maxRetries: 'number', maxAge: 'time' },
      (props) => sink.deliverTo({} as any, props),
    ],
    ['Event Hubs', { batchSize: 'number', batchWindowSeconds: 'number', maxRetries: 'number' }, (props) => hub.deliverTo({} as any, props)],
    [
      'Pub/Sub',
      { maxRetries: 'number', minBackoffSeconds: 'number', maxBackoffSeconds: 'number' },
      (props) => topic.deliverTo({ timeoutSeconds: 60 } as any, props),
    ],
  ];

  test.each(deliveries)('of %s refuses what nobody can mean, in one line', (_, settings, deliver) => {
    for (const [setting, kind] of Object.entries(settings)) {
      for (const value of WRONG[kind]!) {
        const error = faultOf(() => deliver({ [setting]: value }));
        expect([setting, value, error]).toEqual([setting, value, expect.any(SettingError)]);
        expect((error as Error).message).toMatch(/^[Tt]est\/\w+: .{1,400}\.$/);
      }
    }
  });
});

describe('what is known only at deploy', () => {
  const calculated: [string, (props: any) => unknown][] = [
    ['retentionDays', (props) => MADE.PubSubBuffer!.make(`Late${++tries}`, props)],
    ['retentionDays', (props) => MADE.BigQueryStore!.make(`Late${++tries}`, props)],
    ['undeleteWindowDays', (props) => MADE.BigQueryStore!.make(`Late${++tries}`, props)],
    ['memoryMiB', (props) => MADE.CloudFunctionProcessor!.make(`Late${++tries}`, props)],
    ...['batchSize', 'batchWindowSeconds', 'maxRetries'].map((setting): [string, (props: any) => unknown] => [
      setting,
      (props) => hub.deliverTo({} as any, props),
    ]),
    ...['maxRetries', 'minBackoffSeconds', 'maxBackoffSeconds'].map((setting): [string, (props: any) => unknown] => [
      setting,
      (props) => topic.deliverTo({ timeoutSeconds: 60 } as any, props),
    ]),
  ];

  test.each(calculated)('is refused as %s, which is calculated with', (setting, make) => {
    for (const value of [late.numberValue, '${var.late}']) {
      expect(() => make({ [setting]: value })).toThrow(
        `: ${setting} must be known while synthesizing, got a value that is known only at deploy. It is calculated with: give the number itself.`,
      );
    }
  });
});

describe('a pipeline', () => {
  const pipelines: [string, (props: any) => unknown][] = [
    ['AwsPipeline', (props) => new AwsPipeline(new App({ outdir }), 'pipeline', props)],
    ['AzurePipeline', (props) => new AzurePipeline(new TerraformApp({ outdir, skipValidation: true }), 'pipeline', props)],
    ['GcpPipeline', (props) => new GcpPipeline(new TerraformApp({ outdir, skipValidation: true }), 'pipeline', props)],
  ];

  test.each(pipelines)('%s refuses what nobody can mean, in one line', (name, make) => {
    const wrong: [string, readonly unknown[]][] = [
      ['removal', WRONG.choice!],
      ['notify', name === 'AwsPipeline' ? WRONG.text! : WRONG.texts!],
      ...(name === 'AwsPipeline' ? [['accountLogRole', WRONG.choice!] as [string, readonly unknown[]]] : []),
    ];
    for (const [setting, values] of wrong) {
      for (const value of values) {
        const error = faultOf(() => make({ [setting]: value }));
        expect([setting, value, error]).toEqual([setting, value, expect.any(SettingError)]);
        expect((error as Error).message).toMatch(/^pipeline(\/\w+)?: .{1,400}\.$/);
      }
    }
  });
});

function faultOf(work: () => unknown): unknown {
  try {
    work();
    return 'accepted';
  } catch (error) {
    return error;
  }
}
