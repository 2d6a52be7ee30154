import { toMatchFile } from 'jest-file-snapshot';

// The CloudFormation validator costs two seconds a synth. One test turns it on and validates every stack.
process.env.CDK_VALIDATION ??= 'false';

expect.extend({ toMatchFile });
