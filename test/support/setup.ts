import { toMatchFile } from 'jest-file-snapshot';

// The CloudFormation validator costs two seconds a synth. One test turns it on and validates every stack.
process.env.CDK_VALIDATION ??= 'false';

// Jest keeps a hundred lines of each stack and looks all of them up; the CDK asks for a stack with each construct.
Error.stackTraceLimit = 10;

expect.extend({ toMatchFile });
