import { toMatchFile } from 'jest-file-snapshot';

// The CloudFormation validator takes ten seconds to start. `npm run prove` asks it, for every stack at once.
process.env.CDK_VALIDATION ??= 'false';
// Nobody reads in which line a resource was made, and the CDK looks it up for each.
process.env.CDK_CONTEXT_JSON ??= JSON.stringify({ 'aws:cdk:disable-creation-stack-traces': true });

expect.extend({ toMatchFile });
