import { setting } from '../../../shared/runtime/setting';
import { serve } from '../../runtime/serve';
import { pubSubSink } from '../../runtime/sinks/pub-sub';
import { deviceHttpsSource } from '../../runtime/sources/device-https';
import { deviceRegistry } from '../../runtime/sources/device-https/registry';

serve(
  deviceHttpsSource({
    sink: pubSubSink('EVENTS'),
    registry: deviceRegistry('REGISTRY', Number(setting('DEVICE_KEY_SECONDS'))),
    audience: setting('DEVICE_AUDIENCE'),
    source: setting('DEVICE_SOURCE'),
    maxSeconds: Number(setting('DEVICE_TOKEN_SECONDS')),
    openBytes: Number(setting('DEVICE_OPEN_BYTES')),
  }),
);
