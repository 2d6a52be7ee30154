import { ProjectService } from '@cdktf/provider-google/lib/project-service';
import { Sleep } from '@cdktf/provider-time/lib/sleep';
import { type ITerraformDependable, Lazy, TerraformIterator, TerraformProvider, TerraformResource, TerraformStack } from 'cdktf';
import { Construct } from 'constructs';
import { PREFIX, requireText, type TextRule } from '../../shared/synth/settings';
import type { Site } from '../ports/site';
import { apisOf, needApis } from './apis';

/** The id of a project. */
export const PROJECT: TextRule = {
  pattern: /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/,
  must: 'be the id of a project',
  remedy: 'It is neither the name nor the number: see gcloud projects list.',
};
/** The name of a region. */
export const REGION: TextRule = {
  pattern: /^[a-z]+-[a-z]+[0-9]+$/,
  must: 'be the name of a region',
  remedy: 'Write it like europe-west1.',
};

/** Settings for {@link ProjectSite}. */
export interface ProjectSiteProps {
  /** The id of an existing project with billing, and with the APIs serviceusage and cloudresourcemanager on. */
  readonly project: string;
  /** The region, such as `europe-west1`. A change replaces everything. */
  readonly region: string;
  /** The start of every name: 2 to 11 lower-case letters and digits, a letter first. A change replaces everything. */
  readonly prefix: string;
}

/**
 * The place where a platform stands on GCP: a project with its APIs on, a region, and the start of every name.
 *
 * It switches on the APIs that the constructs of its stack say they need. One that was just switched on answers "disabled"
 * for a while, so everything waits a minute for it, and again when an API is added. The APIs stay on when the stack is
 * deleted: others in the project may use them. Not for two platforms with one prefix in one
 * project: their names would be equal. The stack declares the providers `google` and `time`.
 * @see https://cloud.google.com/service-usage/docs/enable-disable
 */
export class ProjectSite extends Construct implements Site {
  readonly project: string;
  readonly region: string;
  readonly prefix: string;
  readonly pubSubAgent: string;
  readonly waitFor: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: ProjectSiteProps) {
    super(scope, id);
    const { project, region, prefix } = props;
    requireText(this, { project }, PROJECT);
    requireText(this, { region }, REGION);
    requireText(this, { prefix }, PREFIX);
    this.project = project;
    this.region = region;
    this.prefix = prefix;

    needApis(this, 'cloudresourcemanager', 'iam', 'pubsub');
    const needed = () => apisOf(TerraformStack.of(this));
    // What is known only at the end of a synthesis goes into an expression as it is, so the brackets and quotes are ours.
    const listed = () =>
      `[${needed()
        .map((api) => `"${api}.googleapis.com"`)
        .join(', ')}]`;
    const forEach = TerraformIterator.fromList(Lazy.anyValue({ produce: listed }));
    const apis = new ProjectService(this, 'Apis', { project, service: forEach.value, forEach, disableOnDestroy: false });
    const agent = new ServiceIdentity(this, 'PubSubAgent', { project, service: 'pubsub.googleapis.com', dependsOn: [apis] });
    this.pubSubAgent = agent.member;
    const triggers = { project, apis: Lazy.stringValue({ produce: () => needed().join(' ') }) };
    this.waitFor = [new Sleep(this, 'Propagation', { createDuration: '60s', dependsOn: [apis, agent], triggers })];
  }
}

/*
 * Google makes the account of a service on first use, which is too late to grant it something. The resource that makes
 * it earlier exists in google-beta alone. It is declared here by hand, because the package of bindings for that provider
 * is 200 MB for this one resource. The provider takes its credentials from the environment, like `gcloud` does.
 */
class ServiceIdentity extends TerraformResource {
  constructor(
    scope: Construct,
    id: string,
    private readonly config: { readonly project: string; readonly service: string; readonly dependsOn: ITerraformDependable[] },
  ) {
    const provider = GoogleBeta.of(scope);
    super(scope, id, { terraformResourceType: 'google_project_service_identity', provider, dependsOn: config.dependsOn });
  }

  get member(): string {
    return this.getStringAttribute('member');
  }

  protected override synthesizeAttributes() {
    return { project: this.config.project, service: this.config.service };
  }
}

class GoogleBeta extends TerraformProvider {
  /** The one of this stack. */
  static of(scope: Construct): GoogleBeta {
    const stack = TerraformStack.of(scope);
    return (stack.node.tryFindChild('GoogleBeta') as GoogleBeta | undefined) ?? new GoogleBeta(stack, 'GoogleBeta');
  }

  private constructor(scope: Construct, id: string) {
    super(scope, id, {
      terraformResourceType: 'google-beta',
      terraformProviderSource: 'hashicorp/google-beta',
      terraformGeneratorMetadata: { providerName: 'google-beta', providerVersionConstraint: '6.50.0' },
    });
  }
}
