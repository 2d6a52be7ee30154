import type { Sleep } from '@cdktf/provider-time/lib/sleep';
import { TerraformProvider, TerraformVariable } from 'cdktf';
import type { Construct } from 'constructs';
import { ProjectSite, type ProjectSiteProps } from '../../../gcp/foundation/site';
import packageJson from '../../../package.json';
import { expectSnapshot } from '../../support/snapshot';
import { readable, synthesize } from '../stand-ins';

const needed = { project: 'acme-data', region: 'europe-west1', prefix: 'acme' };
const make = (props: Partial<ProjectSiteProps> = {}) => synthesize((stack) => new ProjectSite(stack, 'Site', { ...needed, ...props }));

test('the snapshot', () => {
  const { json } = make();
  expectSnapshot(
    'gcp/foundation/site.snapshot.yaml',
    'The APIs stay on when the stack is deleted, and everything else waits two minutes for them.',
    readable({ ...json.resource, required_providers: json.terraform.required_providers }),
  );
});

test('APIs are switched on first, then the Pub/Sub agent is made, and whoever waits for the site waits for both', () => {
  const { one, built } = make();
  const [identity] = Object.keys(make().json.resource!.google_project_service_identity!);
  const [apis] = Object.keys(make().json.resource!.google_project_service!);
  expect(one('google_project_service_identity').depends_on).toEqual([`google_project_service.${apis}`]);
  expect(one('time_sleep').depends_on).toEqual([`google_project_service.${apis}`, `google_project_service_identity.${identity}`]);
  expect(built.waitFor.map((each) => (each as Sleep).node.path)).toEqual(['test/Site/Propagation']);
});

test('another API makes everybody wait again', () => {
  const { one } = make();
  const { project, apis } = one('time_sleep').triggers;
  expect(project).toBe('acme-data');
  for (const api of apis.split(' ')) expect(one('google_project_service').for_each).toContain(`"${api}.googleapis.com"`);
  expect(apis.split(' ')).toHaveLength(one('google_project_service').for_each.split(',').length);
});

test('the agent comes from google-beta, at the version of google that the bindings were made for', () => {
  const { json, one } = make();
  expect(one('google_project_service_identity').provider).toBe('google-beta.service_agents');
  expect(json.terraform.required_providers).toMatchObject({
    google: { version: '6.50.0' },
    'google-beta': { source: 'hashicorp/google-beta', version: '6.50.0' },
  });
  expect(packageJson.dependencies['@cdktf/provider-google']).toBe('16.12.1');
});

const agent = 'serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com';

test('an agent that is there already is taken, and no provider is declared for it', () => {
  const { built, json } = make({ pubSubAgent: agent });
  expect(built.pubSubAgent).toBe(agent);
  expect([json.provider['google-beta'], json.terraform.required_providers['google-beta']]).toEqual([undefined, undefined]);
  expect(json.resource!.google_project_service_identity).toBeUndefined();
});

/** The provider of somebody who impersonates a service account. */
class Beta extends TerraformProvider {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      terraformResourceType: 'google-beta',
      terraformProviderSource: 'hashicorp/google-beta',
      terraformGeneratorMetadata: { providerName: 'google-beta', providerVersionConstraint: '6.50.0' },
    });
  }
  protected override synthesizeAttributes() {
    return { impersonate_service_account: 'deployer@acme-data.iam.gserviceaccount.com' };
  }
}

test('a provider of the user makes the agent, and no other is declared', () => {
  const { json, one } = synthesize((stack) => new ProjectSite(stack, 'Site', { ...needed, googleBeta: new Beta(stack, 'Beta') }));
  expect(one('google_project_service_identity').provider).toBe('google-beta');
  expect(json.provider['google-beta']).toEqual([{ impersonate_service_account: 'deployer@acme-data.iam.gserviceaccount.com' }]);
});

test.each(['before', 'after'])('a google-beta of the stack that is declared %s the site stands beside the one of the site', (when) => {
  const { json } = synthesize((stack) => {
    if (when === 'before') new Beta(stack, 'Beta');
    new ProjectSite(stack, 'Site', needed);
    if (when === 'after') new Beta(stack, 'Beta');
  });
  const aliases = json.provider['google-beta'].map(({ alias }: { alias?: string }) => alias);
  expect(new Set(aliases)).toEqual(new Set([undefined, 'service_agents']));
});

test('stands twice in one stack', () => {
  const { all, json } = synthesize((stack) => ['one', 'two'].map((prefix) => new ProjectSite(stack, prefix, { ...needed, prefix })));
  expect(all('google_project_service')).toHaveLength(2);
  expect(json.provider['google-beta']).toHaveLength(1);
});

test('takes a place that is known only at deploy', () => {
  const { one } = synthesize((stack) => {
    const [project, region, prefix] = ['project', 'region', 'prefix'].map((name) => new TerraformVariable(stack, name, {}).stringValue);
    return new ProjectSite(stack, 'Site', { project: project!, region: region!, prefix: prefix! });
  });
  expect(one('google_project_service').project).toBe('${var.project}');
});

describe('refuses', () => {
  test.each<[string, Partial<ProjectSiteProps>, string]>([
    [
      'the number of a project',
      { project: '123456789012' },
      'test/Site: project must be the id of a project, got "123456789012". Not its name or its number. Find it with gcloud projects list.',
    ],
    [
      'a zone',
      { region: 'europe-west1-b' },
      'test/Site: region must be the name of a region, got "europe-west1-b". Write it like europe-west1.',
    ],
    [
      'a long prefix',
      { prefix: 'acme-company' },
      'test/Site: prefix must be 2 to 11 lower-case letters and digits, a letter first, got "acme-company". Names of storage accounts and service accounts take no more.',
    ],
    [
      'an agent that is none',
      { pubSubAgent: 'service-1@gcp-sa-pubsub.iam.gserviceaccount.com' },
      'test/Site: pubSubAgent must be the IAM member of the Pub/Sub service agent, got "service-1@gcp-sa-pubsub.iam.gserviceaccount.com". Write it like serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com, with the number of the project.',
    ],
    [
      'a provider that is none',
      { googleBeta: 'google-beta' as never },
      'test/Site: googleBeta must be the provider google-beta, got string. Create one with the CDKTF bindings of google-beta.',
    ],
    [
      'a provider for an agent that is there',
      { pubSubAgent: agent, googleBeta: {} as never },
      'test/Site: pubSubAgent keeps its own settings, got googleBeta beside it. Leave googleBeta out.',
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(message)));
});
