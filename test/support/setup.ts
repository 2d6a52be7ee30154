import { toMatchFile } from 'jest-file-snapshot';

// The CloudFormation validator takes ten seconds to start. `npm run prove` asks it, for every stack at once.
process.env.CDK_VALIDATION ??= 'false';

expect.extend({ toMatchFile });
