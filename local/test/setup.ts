import { tmpdir } from 'node:os';
import path from 'node:path';
import { sealed } from '../seal';

// CLOCK_OFFSET_DAYS moves the clock of all tests.
require('../../test/support/clock.cjs');

// No test can reach a person's own credentials: of their environment nothing is left but where programs are.
const kept = ['PATH', 'TMPDIR', 'NODE_OPTIONS', 'CI', 'FORCE_COLOR', 'NO_COLOR'];
for (const name of Object.keys(process.env)) {
  if (!kept.includes(name) && !name.startsWith('JEST_')) delete process.env[name];
}
const { PATH: _, ...rest } = sealed(path.join(tmpdir(), 'nobody'));
Object.assign(process.env, rest, { CDK_VALIDATION: 'false', CHECKPOINT_DISABLE: '1' });

// Google's client cannot look for its metadata server from within jest, and warns at each try.
process.env.METADATA_SERVER_DETECTION = 'none';

require('../guard.cjs');
