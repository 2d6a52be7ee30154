import { randomUUID } from 'node:crypto';
import { type Loopback, type Respond, serve } from '../../loopback';
import type { Opened, Part } from '../../parts';
import type { Resource } from '../../template/stack';
import { Unsettled } from '../kinesis/unsettled';
import { nameOf, type Site, type Target } from '../site';
import { ACCESS_KEY, arnOfDelivery, Delivery } from './delivery';
import { failedIn } from './failed';
import { functionsIn, readDelivery } from './settings';

const LONGEST_NAME = 64;
const LARGEST_RECORD = 1000 * 1024;

/** Delivery streams: senders put records, or they read a stream; a function may transform them; S3 gets objects. */
export const PART: Part<Site> = {
  overrides: () => ['AWS_ENDPOINT_URL_S3 = the stand-in, also for Firehose'],

  async open(site, { pace, chaos, witness, keep }): Promise<Opened> {
    const { stack, integrations } = site;
    const unsettled = new Unsettled();
    const deliveries = new Map<string, Delivery>();
    const named = stack.all('AWS::KinesisFirehose::DeliveryStream').map((resource) => {
      const name = nameOf(stack, resource, 'DeliveryStreamName', LONGEST_NAME);
      stack.created(resource.id, { ref: name, attributes: { Arn: arnOfDelivery(name) } });
      return { resource, name, code: functionsIn(stack, resource).map((id) => site.callOf(id)) };
    });
    const server = await serve(respondWith(deliveries, (id) => unsettled.add(id)));
    keep(() => server.close());
    integrations.set('firehose', integrationOf(server));

    const startOne = async (resource: Resource, name: string, code: readonly Promise<Target>[]) => {
      const settings = readDelivery(stack, resource, name);
      const bucket = settings.bucketArn;
      site.failures.set(bucket, { prefix: settings.errorPrefix.split('!{')[0]!, read: failedIn });
      const [transform] = await Promise.all(code);
      const delivery = new Delivery(settings, {
        pace,
        chaos,
        witness,
        transform,
        s3: site.clients.AWS_ENDPOINT_URL_S3!,
        settled: (ids) => unsettled.remove(ids),
      });
      site.services.add(ACCESS_KEY);
      site.writers.push(delivery);
      deliveries.set(name, delivery);
      keep(() => delivery.stop());
      delivery.start();
    };
    return {
      async begin() {
        await Promise.all(named.map(({ resource, name, code }) => startOne(resource, name, code)));
        return { unsettled: () => unsettled.count };
      },
    };
  },
};

/** https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecord.html */
function respondWith(deliveries: ReadonlyMap<string, Delivery>, accepted: (id: string) => void): Respond {
  const refused = (type: string, message: string) => ({ status: 400, body: JSON.stringify({ __type: type, message }) });
  return ({ headers }, body) => {
    if (headers['x-amz-target'] !== 'Firehose_20150804.PutRecord')
      return refused('UnknownOperationException', 'only PutRecord is emulated');
    const { DeliveryStreamName, Record }: { DeliveryStreamName: string; Record: { Data: string } } = JSON.parse(body.toString());
    const delivery = deliveries.get(DeliveryStreamName);
    if (!delivery) return refused('ResourceNotFoundException', `Firehose ${DeliveryStreamName} not found`);
    const data = Buffer.from(Record.Data, 'base64');
    if (data.length > LARGEST_RECORD) return refused('InvalidArgumentException', 'the record is larger than 1,024,000 bytes');
    const id = randomUUID();
    accepted(id);
    delivery.put({ id, data, arrived: new Date() });
    return { status: 200, body: JSON.stringify({ RecordId: id, Encrypted: true }) };
  };
}

function integrationOf({ host }: Loopback) {
  return {
    target: /^action\/PutRecord$/,
    host,
    headers: (target: string) => ({ 'x-amz-target': `Firehose_20150804.${target.replace('action/', '')}` }),
    accepted: (answer: string) => String(JSON.parse(answer).RecordId),
  };
}
