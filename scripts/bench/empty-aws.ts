import { App, Stack } from 'aws-cdk-lib';
import cdk from '../../cdk.json';

const app = new App({ autoSynth: false, context: cdk.context });
new Stack(app, 'empty');
app.synth();
