import type { TerraformStack } from 'cdktf';
import { EventHubBuffer } from '../../../../azure/connect/event-hub/event-hub-buffer';
import { IotHubEntry } from '../../../../azure/connect/iot-hub/iot-hub-entry';
import type { Refusals } from '../../../support/refusals';
import { site } from '../../stand-ins';

const AUTHORITIES = ['x', 5, [], { plants: 'x' }, { plants: 5 }, { 'two\nlines': 'x' }, { '': 'x' }];
const IDENTITIES = [5, {}, { id: 'x', principalId: 'x' }, { id: 'two\nlines' }];

export const refusals = (terraform: TerraformStack): Refusals => {
  const sink = new EventHubBuffer(terraform, 'IotSink', { site, name: 'iotsink' });
  return {
    constructs: {
      IotHubEntry: {
        settings: {
          site: 'neighbour',
          sink: 'neighbour',
          archive: ['', 5, {}, [], sink],
          name: 'text',
          sku: 'choice',
          units: 'number',
          certificateAuthorities: AUTHORITIES,
          alertOnSilence: [1, 'yes', {}],
          identity: IDENTITIES,
          hubId: 'text',
          notify: 'texts',
          removal: 'choice',
        },
        calculated: ['units'],
        make: (id, props) => new IotHubEntry(terraform, id, { site, sink, ...props }),
      },
    },
  };
};
