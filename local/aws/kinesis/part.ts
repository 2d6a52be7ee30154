import type { Opened, Part } from '../../parts';
import type { Stack } from '../../template/stack';
import { nameOf, type Site } from '../site';
import { EventSourceMapping } from './event-source-mapping';
import { arnOf, KinesisStream, type StreamSettings } from './kinesis';
import { readMapping } from './mapping-settings';
import { Unsettled } from './unsettled';

/** How many shards an on-demand stream starts with. */
const ON_DEMAND_SHARDS = 4;
const LONGEST_NAME = 128;

/** A stream in kinesalite. An API puts records, Lambda polls them. */
export const PART: Part<Site> = {
  async open({ stack, integrations, sources, destinations, lookUps, replays }, { folder, keep }): Promise<Opened> {
    const stream = await KinesisStream.start(readStream(stack), folder);
    keep(() => stream.stop());
    replays.AWS_ENDPOINT_URL_KINESIS = `http://${stream.host}`;
    const unsettled = new Unsettled();
    lookUps.set(stream.arn, stream.between.bind(stream));
    integrations.set('kinesis', {
      // The only action whose response contains the position of the event.
      target: /^action\/PutRecord$/,
      host: stream.host,
      headers: (target) => ({ 'x-amz-target': `Kinesis_20131202.${target.replace('action/', '')}` }),
      accepted: (answer) => {
        const position = String(JSON.parse(answer).SequenceNumber);
        unsettled.add(position);
        return position;
      },
    });
    sources.set(stream.arn, (resource, target, context) => {
      const { onFailure, ...settings } = readMapping(stack, resource, destinations);
      return new EventSourceMapping(settings, {
        ...context,
        source: stream,
        functionArn: target.arn,
        invoke: (payload) => target.invoke(payload),
        onFailure,
        settled: (positions) => unsettled.remove(positions),
      });
    });
    return { brought: { unsettled: () => unsettled.count } };
  },
};

/** Read the stream of a stack, and set its name in the stack. */
export function readStream(stack: Stack): StreamSettings {
  const resource = stack.one('AWS::Kinesis::Stream');
  const name = nameOf(stack, resource, 'Name', LONGEST_NAME);
  stack.created(resource.id, { ref: name, attributes: { Arn: arnOf(name) } });
  const onDemand = stack.value(resource, 'StreamModeDetails.StreamMode') === 'ON_DEMAND';
  return {
    name,
    shards: onDemand ? ON_DEMAND_SHARDS : stack.number(resource, 'ShardCount'),
    retentionHours: stack.number(resource, 'RetentionPeriodHours', 24),
  };
}
