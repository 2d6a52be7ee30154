import type { TerraformStack } from 'cdktf';
import { Construct } from 'constructs';
import { PubSubBuffer } from '../../../../gcp/connect/pub-sub/pub-sub-buffer';
import { PubSubEntry } from '../../../../gcp/connect/pub-sub/pub-sub-entry';
import type { Refusals } from '../../../support/refusals';
import { site as gcp } from '../../stand-ins';

export const refusals = (terraform: TerraformStack): Refusals => {
  const topic = new PubSubBuffer(terraform, 'PubSub', { site: gcp, name: 'source' });
  let made = 0;
  return {
    constructs: {
      PubSubBuffer: {
        settings: {
          site: 'neighbour',
          name: 'text',
          retentionDays: 'number',
          encryptionKey: 'text',
          enforceInTransit: ['', 'yes', 1, {}, []],
          ordered: ['', 'yes', 1, {}, []],
          schema: ['', 'int32 a = 1;', 1, [], {}, { data: 1 }, { data: 'int32 a = 1;', extensions: { subject: 'string' } }],
          topicId: 'text',
          notify: 'texts',
          removal: 'choice',
        },
        calculated: ['retentionDays'],
        make: (id, props) => new PubSubBuffer(terraform, id, { site: gcp, ...props }),
      },
      PubSubEntry: {
        settings: { sink: 'neighbour', publishers: 'texts' },
        make: (id, props) => new PubSubEntry(terraform, id, { sink: topic, ...props }),
      },
    },
    methods: {
      'a delivery of Pub/Sub': {
        settings: { maxRetries: 'number', minBackoffSeconds: 'number', maxBackoffSeconds: 'number', filter: 'text' },
        calculated: ['maxRetries', 'minBackoffSeconds', 'maxBackoffSeconds'],
        call: (props) => topic.deliverTo({ timeoutSeconds: 60 } as any, props),
      },
      'a delivery of Pub/Sub into a store': {
        settings: { maxRetries: 'number', minBackoffSeconds: 'number', maxBackoffSeconds: 'number', filter: 'text' },
        calculated: ['maxRetries', 'minBackoffSeconds', 'maxBackoffSeconds'],
        call: (props) => topic.deliverInto({} as any, 'archive', props),
      },
      'the name of a delivery into a store': {
        settings: { name: 'text' },
        call: ({ name }) => topic.deliverInto({} as any, name),
      },
      'a reader of Pub/Sub': {
        settings: { name: 'text', maxRetries: 'number', minBackoffSeconds: 'number', maxBackoffSeconds: 'number', filter: 'text' },
        calculated: ['maxRetries', 'minBackoffSeconds', 'maxBackoffSeconds'],
        call: ({ name = 'spark', ...delivery }) =>
          topic.bindReader(Object.assign(new Construct(terraform, `Reader${++made}`), { name, member: 'x' }), 'EVENTS', delivery),
      },
    },
  };
};
