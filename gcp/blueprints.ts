import type { App } from 'cdktf';
import type { Blueprints } from '../shared/synth/blueprints';
import { GcpPipeline } from './pipeline';

/** What can be built on GCP. */
export const blueprints: Blueprints<App> = {
  pipeline: (app, options) => new GcpPipeline(app, 'gcp-pipeline', options),
};
