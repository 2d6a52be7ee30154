const SERVICE = '^(aws|azure|gcp)/(connect|buffer|processing|store|visualize|containerization|deploy)/([^/]+)/';
/** Code in a folder of a service runs in the cloud, or builds what runs there. */
const BESIDE = '^(aws|azure|gcp)/(connect|buffer|processing|store|visualize|containerization|deploy)/[^/]+/[^/]+/';
/** What readers of templates know of a service, and the smallest platform that has it. */
const NOT_DEPLOYED = '/(facts|example|promises)\\.ts$';

/** Who may import whom. `docs/adr` says why. @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'a-service-stands-alone',
      comment: 'A construct imports packages, its own folder, ports, foundation and checks of settings, so that it can be copied.',
      severity: 'error',
      from: { path: SERVICE, pathNot: [NOT_DEPLOYED, BESIDE] },
      to: { pathNot: ['node_modules', '^$1/(ports|foundation)/', '^$1/$2/$3/', '^shared/synth/'] },
    },
    {
      name: 'facts-are-data',
      comment: 'Whoever reads templates loads the facts of every service, so they load nothing themselves.',
      severity: 'error',
      from: { path: '/facts\\.ts$' },
      to: {
        pathNot: [
          '^shared/read/',
          '^shared/runtime/event\\.schema\\.json$',
          '^(aws|azure|gcp)/foundation/promises\\.ts$',
          '^(aws|azure|gcp)/foundation/[a-z]+/promises\\.ts$',
        ],
      },
    },
    {
      name: 'facts-and-examples-are-not-deployed',
      severity: 'error',
      from: { path: '^(aws|azure|gcp)/', pathNot: NOT_DEPLOYED },
      to: { path: NOT_DEPLOYED },
    },
    {
      name: 'clouds-do-not-meet',
      comment: 'One cloud never imports another.',
      severity: 'error',
      from: { path: '^(aws|azure|gcp)/' },
      to: { path: '^(aws|azure|gcp)/', pathNot: '^$1/' },
    },
    {
      name: 'only-a-blueprint-knows-several-services',
      comment: 'Services meet through ports, and only a blueprint puts them together.',
      severity: 'error',
      from: { path: '^(aws|azure|gcp|shared|bin)/', pathNot: ['/architectures/', '/example\\.ts$', SERVICE] },
      to: { path: SERVICE },
    },
    {
      name: 'the-foundation-knows-no-service',
      severity: 'error',
      from: { path: '^(aws|azure|gcp)/(ports|foundation)/', pathNot: NOT_DEPLOYED },
      to: { pathNot: ['node_modules', '^$1/(ports|foundation)/', '^shared/'], dependencyTypesNot: ['core'] },
    },
    {
      name: 'handlers-run-in-the-cloud',
      comment: 'What runs in the cloud imports nothing that runs while synthesizing.',
      severity: 'error',
      from: { path: ['/(handlers|runtime|sql/migrate)/', BESIDE] },
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
      comment:
        'What runs a template reads the template. Only its command line calls the code that synthesizes, as cdk and cdktf do, and only its books ask the transform what it makes of an event.',
      severity: 'error',
      from: { path: '^local/', pathNot: '^local/((main|made)\\.ts$|test/)' },
      to: { path: '^(aws|azure|gcp|shared|bin)/', pathNot: '^shared/read/' },
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
