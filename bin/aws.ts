import { App } from 'aws-cdk-lib';
import { blueprints } from '../aws/blueprints';
import cdk from '../cdk.json';
import { findBlueprint, readRequest } from '../shared/synth/blueprints';
import { DESTROY_DATA } from '../shared/synth/settings';

const { name, options } = readRequest(process.env);
const app = new App({ context: { ...cdk.context, [DESTROY_DATA]: process.env.DESTROY_DATA } });
findBlueprint(blueprints, app.node.tryGetContext('blueprint') ?? name)(app, options);
app.synth();
