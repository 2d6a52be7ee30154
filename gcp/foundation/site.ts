import { ProjectService } from '@cdktf/provider-google/lib/project-service';
import { Sleep } from '@cdktf/provider-time/lib/sleep';
import { type ITerraformDependable, Lazy, TerraformIterator, type TerraformProvider, TerraformStack } from 'cdktf';
import { Construct } from 'constructs';
import { PREFIX, requireAbsent, requireText, type TextRule } from '../../shared/synth/settings';
import type { Site } from '../ports/site';
import { apisOf, needApis } from './apis';
import { requireGoogleBeta } from './google-beta';
import { ServiceAgent } from './service-agent';

/** The id of a project. */
export const PROJECT: TextRule = {
  pattern: /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/,
  must: 'be the id of a project',
  remedy: 'Not its name or its number. Find it with gcloud projects list.',
};
/** The name of a region. */
export const REGION: TextRule = {
  pattern: /^[a-z]+-[a-z]+[0-9]+$/,
  must: 'be the name of a region',
  remedy: 'Write it like europe-west1.',
};

const AGENT: TextRule = {
  pattern: /^serviceAccount:service-[0-9]+@gcp-sa-pubsub\.iam\.gserviceaccount\.com$/,
  must: 'be the IAM member of the Pub/Sub service agent',
  remedy: 'Write it like serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com, with the number of the project.',
};

/** Settings for {@link ProjectSite}. */
export interface ProjectSiteProps {
  /** The id of an existing project with billing, in which the APIs serviceusage and cloudresourcemanager are enabled. */
  readonly project: string;
  /** The region, such as `europe-west1`. A change replaces everything. */
  readonly region: string;
  /** The start of every name: 2 to 11 lower-case letters and digits, starting with a letter. A change replaces everything. */
  readonly prefix: string;
  /**
   * The IAM member of the project's Pub/Sub service agent, such as
   * `serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com`, if it exists already.
   * @default - it is created, with the provider `google-beta`
   */
  readonly pubSubAgent?: string;
  /**
   * The provider `google-beta` that creates the service agent, such as one that impersonates a service account.
   * @default - a provider with the alias `service_agents`, which reads its credentials from the environment
   */
  readonly googleBeta?: TerraformProvider;
}

/**
 * What the constructs of a platform share on GCP: a project with its APIs, a region, and the prefix of every name.
 *
 * It enables the APIs that the constructs of its stack need. An API that was just enabled still answers "disabled" for a while,
 * so all resources wait two minutes, and again when an API is added. The APIs stay enabled when the stack is deleted, because
 * others in the project may use them. Two platforms in one project need different prefixes: otherwise their names would be the
 * same. The stack must declare the providers `google` and `time`. If the stack has its own `google-beta` too, both have the
 * version that is declared last.
 * @see https://cloud.google.com/service-usage/docs/enable-disable
 */
export class ProjectSite extends Construct implements Site {
  readonly project: string;
  readonly region: string;
  readonly prefix: string;
  readonly pubSubAgent: string;
  readonly waitFor: readonly ITerraformDependable[];

  private readonly apis: ProjectService;
  private readonly googleBeta?: TerraformProvider;
  private readonly agents = new Map<string, ServiceAgent>();

  constructor(scope: Construct, id: string, props: ProjectSiteProps) {
    super(scope, id);
    const { project, region, prefix, pubSubAgent, googleBeta } = props;
    requireText(this, { project }, PROJECT);
    requireText(this, { region }, REGION);
    requireText(this, { prefix }, PREFIX);
    if (pubSubAgent !== undefined) {
      requireText(this, { pubSubAgent }, AGENT);
      requireAbsent(this, 'pubSubAgent', { googleBeta });
    }
    requireGoogleBeta(this, googleBeta);
    this.project = project;
    this.region = region;
    this.prefix = prefix;

    needApis(this, 'cloudresourcemanager', 'iam', 'pubsub');
    const needed = () => apisOf(TerraformStack.of(this));
    // CDKTF inserts a lazy value into an expression unchanged, so the brackets and quotes are added here.
    const listed = () =>
      `[${needed()
        .map((api) => `"${api}.googleapis.com"`)
        .join(', ')}]`;
    const forEach = TerraformIterator.fromList(Lazy.anyValue({ produce: listed }));
    this.googleBeta = googleBeta;
    this.apis = new ProjectService(this, 'Apis', { project, service: forEach.value, forEach, disableOnDestroy: false });
    const agents = pubSubAgent === undefined ? [this.createAgent('PubSubAgent', 'pubsub')] : [];
    this.pubSubAgent = pubSubAgent ?? agents[0]!.member;
    const triggers = { project, apis: Lazy.stringValue({ produce: () => needed().join(' ') }) };
    this.waitFor = [new Sleep(this, 'Propagation', { createDuration: '120s', dependsOn: [this.apis, ...agents], triggers })];
  }

  agentOf(service: string): string {
    if (service === 'pubsub') return this.pubSubAgent;
    const agent = this.agents.get(service) ?? this.createAgent(`Agent-${service}`, service);
    this.agents.set(service, agent);
    return agent.member;
  }

  private createAgent(id: string, service: string): ServiceAgent {
    const { project, googleBeta, apis } = this;
    return new ServiceAgent(this, id, { project, service, googleBeta, dependsOn: [apis] });
  }
}
