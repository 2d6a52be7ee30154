import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { type Costs, costsOfStack, FREE, renderCosts } from '../../../bin/cost';
import { platforms } from '../../../bin/list';
import { costPage } from '../../../scripts/cost-page';
import { shippedApps } from '../../../scripts/judges/aws-apps';
import { terraformStacks } from '../../../scripts/judges/terraform/stack';
import { CfnStack } from '../../../shared/read/cfn';
import { type Rate, usd } from '../../../shared/read/cost';
import { MONTH } from '../../../shared/read/facts/cost';
import { factsOf } from '../../../shared/read/facts/find';
import prices from '../../../shared/read/prices.json';
import type { Body, Stack } from '../../../shared/read/stack';
import { type TerraformJson, TfStack } from '../../../shared/read/tf';
import { CLOUDS, type Cloud } from '../../../shared/synth/blueprints';

const ROOT = path.join(__dirname, '../../..');
const THOUSAND: Rate = { events: 1000, size: 1000 };
const cloudOf = (name: string) => name.split('-')[0] as Cloud;

let stacks: readonly (readonly [string, Stack])[];
beforeAll(() => {
  stacks = [
    ...shippedApps().map(({ subject, template }) => [subject, new CfnStack(template)] as const),
    ...terraformStacks().map(({ name, json }) => [name, new TfStack(json)] as const),
  ];
});

function costsOf(name: string, rate = THOUSAND): Costs {
  return costsOfStack(name, cloudOf(name), stacks.find(([other]) => other === name)![1], rate);
}

/** What one line costs a month, by the start of its words. */
function monthOf({ lines }: Costs, resource: string, what: string): number {
  const found = lines.filter((line) => line.resource === resource && line.what.startsWith(what));
  expect(found).toHaveLength(1);
  return found[0]!.month;
}

function onAws(type: string, properties: Body, rate = THOUSAND): Costs {
  return costsOfStack('aws', 'aws', new CfnStack({ Resources: { Buffer: { Type: type, Properties: properties } } }), rate);
}

function onTerraform(cloud: Cloud, resource: TerraformJson['resource'], rate = THOUSAND): Costs {
  return costsOfStack(cloud, cloud, new TfStack({ resource }), rate);
}

describe('a thousand events of 1 kB a second, reckoned by hand', () => {
  test('on AWS: the entry by its steps, the stream by the kilobyte, traces as they are sampled', () => {
    const costs = costsOf('aws-pipeline');
    // 2,628 million requests a month.
    expect(monthOf(costs, 'API Gateway method', 'requests')).toBeCloseTo(333 * 3.5 + 667 * 2.8 + 1628 * 2.38, 5);
    expect(monthOf(costs, 'API Gateway stage of an API', 'traces')).toBeCloseTo((1 + 0.05 * 999) * 2.628 * 5, 5);
    expect(monthOf(costs, 'Kinesis stream', 'events written')).toBeCloseTo(2628 * 1.024 * 0.08, 5);
    expect(monthOf(costs, 'Kinesis stream', 'events read')).toBeCloseTo(2628 * 1.024 * 0.04, 5);
    // Six of seven days, at 86.4 GB a day.
    expect(monthOf(costs, 'Kinesis stream', 'events kept')).toBeCloseTo(6 * 86.4 * 0.1, 5);
    // One batch of a thousand events a second: 2.1 s in 512 MB.
    expect(monthOf(costs, 'Lambda function', 'time')).toBeCloseTo(2628 * 2.1 * 0.5 * 0.013, 5);
    expect(monthOf(costs, 'S3 bucket', 'objects written')).toBeCloseTo(2628 * 0.005, 5);
    expect(costs.total.idle).toBeCloseTo(730 * 0.04 + 17 * 0.1, 5);
  });

  test('on AWS behind a queue: an object of S3 for each event, which is dearer than the entry', () => {
    const costs = costsOf('aws-sqs');
    expect(monthOf(costs, 'S3 bucket', 'objects written')).toBeCloseTo(2628 * 1000 * 0.005, 3);
    expect(monthOf(costs, 'SQS queue', 'requests to send')).toBeCloseTo(2628 * 0.4, 5);
    expect(monthOf(costs, 'SQS queue', 'requests to receive')).toBeCloseTo(2628 * 0.2 * 0.4, 5);
    expect(costs.lines[0]).toMatchObject({ resource: 'S3 bucket', what: 'objects written' });
  });

  test('on Azure: one throughput unit, and a call a second of 2.1 s in 2 GB', () => {
    const costs = costsOf('azure-pipeline');
    expect(monthOf(costs, 'Event Hubs namespace of hubs', 'throughput units')).toBeCloseTo(730 * 0.03, 5);
    expect(monthOf(costs, 'Event Hubs namespace of hubs', 'incoming events')).toBeCloseTo(2628 * 0.028, 5);
    expect(monthOf(costs, 'Functions function app', 'execution time')).toBeCloseTo(2628 * 2.1 * 2 * 0.026, 5);
    expect(monthOf(costs, 'storage account', 'blob writes')).toBeCloseTo(262.8 * 0.065, 5);
  });

  test.each(['azure-service-bus', 'azure-storage-queue'])(
    'behind a queue, %s: calls at the same time share an instance, and the host writes no positions',
    (name) => {
      const costs = costsOf(name);
      // A hundred and two calls at a time, sixteen in an instance of 2 GB.
      expect(monthOf(costs, 'Functions function app', 'execution time')).toBeCloseTo((102 / 16) * 2.628 * 2 * 26, 0);
      expect(costs.lines.filter(({ what }) => what.startsWith('writes of the host'))).toEqual([]);
    },
  );

  test('on Azure behind a storage queue: an account of its own logs each of three operations', () => {
    expect(monthOf(costsOf('azure-storage-queue'), 'Storage queue queue', 'logs')).toBeCloseTo(3 * 2628 * 2.3, 0);
  });

  test('on GCP: each event is published, pushed, a call and a line of the request log', () => {
    const costs = costsOf('gcp-pipeline');
    const tib = 2.628e12 / 1024 ** 4;
    expect(monthOf(costs, 'Pub/Sub topic', 'events published')).toBeCloseTo(tib * 40, 5);
    expect(monthOf(costs, 'Pub/Sub subscription', 'events pushed')).toBeCloseTo(tib * 40, 5);
    expect(monthOf(costs, 'Cloud Functions function', 'requests')).toBeCloseTo(2628 * 0.4, 5);
    expect(monthOf(costs, 'Cloud Functions function', 'request log')).toBeCloseTo(tib * 1024 * 0.5, 5);
    // Fifty calls at a time, ten in an instance.
    expect(monthOf(costs, 'Cloud Functions function', 'vCPU time')).toBeCloseTo(5 * 2628 * 0.024, 5);
    expect(monthOf(costs, 'BigQuery table', 'rows written')).toBeCloseTo(tib * 1024 * 0.025, 5);
    // The bucket of the code holds no events.
    expect(costs.lines.filter(({ resource }) => resource === 'Cloud Storage bucket')).toEqual([]);
  });
});

describe('settings that change what a resource costs', () => {
  const stream = (properties: Body) => onAws('AWS::Kinesis::Stream', properties);

  test('a stream of provisioned shards costs by the shard, and more where it keeps records for more than a day', () => {
    const mode = { StreamModeDetails: { StreamMode: 'PROVISIONED' }, ShardCount: 2 };
    const day = stream({ ...mode, RetentionPeriodHours: 24 });
    expect(day.total.idle).toBeCloseTo(2 * 730 * 0.015, 5);
    expect(day.total.month - day.total.idle).toBeCloseTo(2628 * 0.014, 5);
    expect(stream({ ...mode, RetentionPeriodHours: 48 }).total.idle).toBeCloseTo(2 * 730 * 0.035, 5);
  });

  test('a stream that keeps records for 30 days pays for the first week, and less for the rest', () => {
    const kept = stream({ StreamModeDetails: { StreamMode: 'ON_DEMAND' }, RetentionPeriodHours: 30 * 24 });
    expect(monthOf(kept, 'Kinesis stream', 'events kept, day 2')).toBeCloseTo(6 * 86.4 * 0.1, 5);
    expect(monthOf(kept, 'Kinesis stream', 'events kept, from day 8')).toBeCloseTo(23 * 86.4 * 0.023, 5);
  });

  test('an endpoint of a network costs by the hour and the zone, and that of S3 nothing', () => {
    const endpoint = (VpcEndpointType: string) => onAws('AWS::EC2::VPCEndpoint', { VpcEndpointType, SubnetIds: ['a', 'b'] }).total.idle;
    expect(endpoint('Interface')).toBeCloseTo(2 * 730 * 0.01, 5);
    expect(endpoint('Gateway')).toBe(0);
  });

  test('Event Hubs grows with its load as far as it may', () => {
    const units = (events: number) =>
      onTerraform('azure', { azurerm_eventhub_namespace: { events: { capacity: 1, maximum_throughput_units: 4 } } }, { events, size: 1000 })
        .lines.filter(({ what }) => what.startsWith('throughput units'))
        .map(({ month }) => Math.round(month / 21.9));
    expect([500, 1500, 100_000].flatMap(units)).toEqual([1, 2, 4]);
  });

  test('instances that wait cost while nothing happens', () => {
    const service_config = { available_cpu: '1', available_memory: '2048Mi', min_instance_count: 1 };
    const idle = onTerraform('gcp', { google_cloudfunctions2_function: { fn: { service_config } } }).total.idle;
    expect(idle).toBeCloseTo(2628 * 3 * 0.0025, 5);
  });

  test('what a stack of AWS asks of X-Ray is sampled: of two events a minute, all', () => {
    const few = costsOf('aws-pipeline', { events: 1 / 30, size: 1000 });
    expect(monthOf(few, 'API Gateway stage of an API', 'traces')).toBeCloseTo((MONTH / 30 / 1e6) * 5, 5);
  });
});

describe('every blueprint', () => {
  test('costs something when idle, or says that it costs nothing', () => {
    const page = costPage();
    for (const [name] of stacks) {
      const { total, lines, region } = costsOf(name);
      const free = lines.length === 0 ? FREE : `At prices of ${region}. It costs nothing when idle.`;
      expect(page.includes(`## ${name}\n\n${free}`)).toBe(total.idle === 0);
    }
  });

  test('costs no less, line by line, with more events, or with larger ones', () => {
    const size = fc.integer({ min: 1, max: 1_000_000 });
    const events = fc.integer({ min: -18, max: 15 }).map((power) => 2 ** power);
    fc.assert(
      fc.property(fc.nat(stacks.length - 1), events, events, size, size, (index, one, another, small, large) => {
        const [name] = stacks[index]!;
        const less = costsOf(name, { events: Math.min(one, another), size: Math.min(small, large) });
        const more = costsOf(name, { events: Math.max(one, another), size: Math.max(small, large) });
        for (const line of less.lines) {
          const same = more.lines.find(({ resource, what }) => resource === line.resource && what === line.what);
          expect(same?.month).toBeGreaterThanOrEqual(line.month * (1 - 1e-9));
          expect(line.month).toBeGreaterThanOrEqual(line.idle * (1 - 1e-9));
        }
      }),
    );
  });

  test('names three dearest lines, each with a sentence that says what lowers it', () => {
    for (const [name] of stacks) {
      const costs = costsOf(name);
      const shown = renderCosts([costs]);
      const isPlatform = platforms().some((one) => `${one.cloud}-${one.name}` === name);
      expect(costs.lines.length).toBeGreaterThanOrEqual(isPlatform ? 3 : 0);
      for (const { lower } of costs.lines) expect(lower).toMatch(/^[A-Z`][^\n]{10,160}\.$/);
      for (const { lower } of costs.lines.slice(0, 3)) expect(shown).toContain(lower);
      expect(`${shown}${JSON.stringify(costs)}`).not.toMatch(/\b(undefined|null|NaN|Infinity)\b/);
    }
  });
});

test('what holds data, moves data or runs code says what it costs, or why it is not billed', () => {
  const silent = CLOUDS.flatMap((cloud) =>
    [...factsOf(cloud).services].flatMap(([folder, { types }]) =>
      Object.entries(types)
        .filter(
          ([, { role, costs }]) => costs === undefined && (typeof role === 'function' || /^(holds data|moves data|runs code)$/.test(role)),
        )
        .map(([type]) => `${folder}/facts.ts must say in costs what ${type} costs, or in a sentence why it is not billed`),
    ),
  );
  expect(silent).toEqual([]);
});

test('whoever moves data says what becomes of it, because the calls and the objects that it makes are reckoned from that', () => {
  const silent = CLOUDS.flatMap((cloud) =>
    [...factsOf(cloud).services.values()].flatMap(({ types }) =>
      Object.entries(types).flatMap(([type, { role, brings }]) => (role === 'moves data' && !brings ? [`${type} must say in brings`] : [])),
    ),
  );
  expect(silent).toEqual([]);
});

test('every price has a page of its vendor, is rounded, and some facts use it', () => {
  const facts = CLOUDS.flatMap((cloud) =>
    readdirSync(path.join(ROOT, cloud), { recursive: true, encoding: 'utf8' })
      .filter((file) => /^(facts|promises)\.ts$/.test(path.basename(file)))
      .map((file) => readFileSync(path.join(ROOT, cloud, file), 'utf8')),
  ).join('\n');
  // A family of prices is named by its start: `blobWrites${copies}`.
  const families = [...facts.matchAll(/`(\w+)\$\{/g)].map(([, start]) => start!);
  for (const [key, { usd: price, source }] of Object.entries(prices.prices)) {
    expect(source).toMatch(/^https:\/\/(aws\.amazon\.com|azure\.microsoft\.com|cloud\.google\.com)\/\S*pricing/);
    expect(price).toBe(Number(price.toPrecision(2)));
    expect({ key, isUsed: families.some((start) => key.startsWith(start)) || facts.includes(`'${key}'`) }).toEqual({ key, isUsed: true });
  }
});

test('a price that falls with use is paid step by step', () => {
  expect(usd('apiGatewayRequests', 333e6)).toBeCloseTo(333 * 3.5, 5);
  expect(usd('apiGatewayRequests', 334e6)).toBeCloseTo(333 * 3.5 + 2.8, 5);
  expect(usd('apiGatewayRequests', 20_001e6) - usd('apiGatewayRequests', 20_000e6)).toBeCloseTo(1.51, 5);
});
