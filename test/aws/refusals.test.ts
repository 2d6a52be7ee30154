import { App, Duration, Stack } from 'aws-cdk-lib';
import { temporaryFolder } from '../support/folder';
import { holdBlueprintRefusals, holdRefusals } from '../support/refusals';

const outdir = temporaryFolder();

holdRefusals('aws', new Stack(new App({ outdir }), 'Test'), { times: [Duration.millis(1), Duration.days(1_000_000)] });

holdBlueprintRefusals('aws', () => new App({ outdir }), { notify: 'text' });
