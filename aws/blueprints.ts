import type { App } from 'aws-cdk-lib';
import type { Blueprints } from '../shared/synth/blueprints';
import { AwsPipeline } from './pipeline';

/** What can be built on AWS. */
export const blueprints: Blueprints<App> = {
  pipeline: (app, options) => new AwsPipeline(app, 'aws-pipeline', options),
};
