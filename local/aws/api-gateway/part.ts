import { eventByHand } from '../../by-hand';
import type { Opened, Part } from '../../parts';
import type { Site } from '../site';
import { ApiGateway } from './api-gateway';
import { nameApi, readApi } from './api-gateway-settings';
import { Sender } from './sender';

/** An API that sends each event to a service without code in between. */
export const PART: Part<Site> = {
  async open({ stack, integrations }, { pace, witness, keep }): Promise<Opened> {
    nameApi(stack);
    return {
      async begin() {
        const api = await ApiGateway.start(readApi(stack, integrations), (body) => witness.arrived(body));
        keep(() => api.stop());
        const sender = new Sender(api, pace);
        keep(() => sender.stop());
        return {
          door: {
            command: `curl -H 'content-type: application/json' -d '${eventByHand()}' ${api.url}`,
            send: (body) => sender.send(body),
          },
        };
      },
    };
  },
};
