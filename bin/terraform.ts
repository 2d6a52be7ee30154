import { App } from 'cdktf';
import { blueprints as azure } from '../azure/blueprints';
import { blueprints as gcp } from '../gcp/blueprints';
import { findBlueprint, readRequest } from '../shared/synth/blueprints';
import { DESTROY_DATA } from '../shared/synth/settings';

const { name, options } = readRequest(process.env);
const app = new App({ context: { [DESTROY_DATA]: process.env.DESTROY_DATA } });
for (const blueprints of [azure, gcp]) findBlueprint(blueprints, name)(app, options);
app.synth();
