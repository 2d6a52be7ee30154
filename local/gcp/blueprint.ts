import { type ReadBlueprint, RefusedError } from '../platform';
import { readGoogle } from './computed';
import { coverageOf } from './coverage';

/** What is set or replaced here, one line each. */
const OVERRIDES = [
  'BIGQUERY_STORAGE_ENDPOINT = the stand-in for the Storage Write API, with the table in DuckDB',
  'PUBSUB_EMULATOR_HOST = the stand-in for Pub/Sub',
  'GCE_METADATA_HOST = the stand-in for the metadata server, whose token is worthless',
  'GOOGLE_APPLICATION_CREDENTIALS = nothing; CLOUDSDK_CONFIG, HOME and PATH = an empty folder',
  'the functions framework listens on loopback, on a free port instead of PORT',
  `Node.js ${process.versions.node} on this machine instead of the runtime of the template; one instance, however many it allows`,
];

/** Read what was synthesized for Google Cloud: a topic, a subscription that pushes, a function, a table and a dead letter. */
export const readGcp: ReadBlueprint = async (folder) => {
  const coverage = coverageOf(await readGoogle(folder));
  return {
    coverage,
    overrides: OVERRIDES,
    start: async (surroundings) => {
      const refused = coverage.find(({ treatment }) => treatment === 'refused');
      if (refused) throw new RefusedError([refused.type, refused.resource, refused.property].filter(Boolean).join('.'), refused.why!);
      // Clients and database take a while to load, which nobody needs who only reads.
      const { GcpPlatform } = require('./platform') as typeof import('./platform');
      return GcpPlatform.start(folder, surroundings);
    },
  };
};
