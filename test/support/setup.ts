import { toMatchFile } from 'jest-file-snapshot';

// The CloudFormation validator takes ten seconds to start. One test turns it on, for every stack at once.
process.env.CDK_VALIDATION ??= 'false';

// Jest keeps a hundred lines of each stack and looks all of them up; the CDK asks for a stack with each construct.
Error.stackTraceLimit = 10;

expect.extend({ toMatchFile });
