import { holdBlueprints } from '../support/blueprints';
import { readBlueprint } from '../support/cdktf';

holdBlueprints('gcp', readBlueprint);
