import type { App } from 'cdktf';
import type { Blueprints } from '../shared/synth/blueprints';
import { AzurePipeline } from './pipeline';

/** What can be built on Azure. */
export const blueprints: Blueprints<App> = {
  pipeline: (app, options) => new AzurePipeline(app, 'azure-pipeline', options),
};
