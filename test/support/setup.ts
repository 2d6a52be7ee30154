import { toMatchFile } from 'jest-file-snapshot';

// The CloudFormation validator takes ten seconds to start. `npm run prove` asks it, for every stack at once.
process.env.CDK_VALIDATION ??= 'false';
// Looked up for each resource, and copied with each synthesis: the line in which it was made, and its assets. Few tests read them.
const SPARED = { 'aws:cdk:disable-creation-stack-traces': true, 'aws:cdk:disable-asset-staging': true };
process.env.CDK_CONTEXT_JSON ??= JSON.stringify(SPARED);

expect.extend({ toMatchFile });
