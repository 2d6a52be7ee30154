const STAGE = '^(aws|azure|gcp)/(connect|buffer|processing|store|visualize|containerization)/';

/** Who may import whom. `docs/adr` says why. @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'a-stage-stands-alone',
      comment: 'A construct imports packages, its own folder, ports, settings and acknowledge, so that it can be copied.',
      severity: 'error',
      from: { path: STAGE },
      to: { pathNot: ['node_modules', '^$1/(ports|acknowledge)\\.ts$', '^$1/$2/', '^shared/synth/(settings|acknowledge)\\.ts$'] },
    },
    {
      name: 'clouds-do-not-meet',
      comment: 'One cloud never imports another.',
      severity: 'error',
      from: { path: '^(aws|azure|gcp)/' },
      to: { path: '^(aws|azure|gcp)/', pathNot: '^$1/' },
    },
    {
      name: 'only-a-pipeline-knows-four-stages',
      comment: 'Stages meet through ports, and only a pipeline puts them together.',
      severity: 'error',
      from: { path: '^(aws|azure|gcp|shared|bin)/', pathNot: ['/pipeline\\.ts$', STAGE] },
      to: { path: STAGE },
    },
    {
      name: 'handlers-run-in-the-cloud',
      comment: 'What runs in the cloud imports nothing that runs while synthesizing.',
      severity: 'error',
      from: { path: '/handlers/|^shared/runtime/' },
      to: { path: ['^shared/(synth|read)/', 'aws-cdk-lib', 'cdktf', 'constructs'] },
    },
    {
      name: 'shared-knows-no-cloud',
      severity: 'error',
      from: { path: '^shared/' },
      to: { path: '^(aws|azure|gcp|bin)/' },
    },
    {
      name: 'the-local-run-knows-only-what-was-synthesized',
      comment: 'What runs a template reads the template. Only its command line calls the code that synthesizes, as cdk and cdktf do.',
      severity: 'error',
      from: { path: '^local/', pathNot: '^local/(main\\.ts$|test/)' },
      to: { path: '^(aws|azure|gcp|shared|bin)/' },
    },
    {
      name: 'one-cloud-of-the-local-run-never-imports-another',
      severity: 'error',
      from: { path: '^local/(aws|azure|gcp)/' },
      to: { path: '^local/(aws|azure|gcp)/', pathNot: '^local/$1/' },
    },
    {
      name: 'what-is-deployed-knows-nothing-of-the-local-run',
      severity: 'error',
      from: { path: '^(aws|azure|gcp|shared|bin)/' },
      to: { path: '^local/' },
    },
    {
      name: 'no-barrel-of-a-provider',
      comment: 'The barrel of a CDKTF provider costs 12 s and 1 GB. Import @cdktf/provider-x/lib/the-resource.',
      severity: 'error',
      from: {},
      to: { path: 'node_modules/@cdktf/provider-[a-z]+/lib/index\\.(js|d\\.ts)$' },
    },
    { name: 'no-circle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'nothing-missing',
      comment: 'The packages of local/ install apart; npm run typecheck:local finds what is missing there.',
      severity: 'error',
      from: { pathNot: '^local/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['require', 'node', 'default', 'types'] },
  },
};
