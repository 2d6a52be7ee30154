import { type ITerraformDependable, type TerraformProvider, TerraformResource } from 'cdktf';
import type { Construct } from 'constructs';
import { GoogleBeta } from './google-beta';

/** Settings for {@link ServiceAgent}. */
export interface ServiceAgentConfig {
  readonly project: string;
  /** The service, such as `pubsub`. */
  readonly service: string;
  /**
   * The provider that creates it.
   * @default - a provider with the alias `service_agents`
   */
  readonly googleBeta?: TerraformProvider;
  /** The APIs of the project. */
  readonly dependsOn: ITerraformDependable[];
}

/**
 * The service agent of a service in a project.
 *
 * Google creates the service agent of a service on first use, which is too late to grant it a role. The resource that creates
 * it earlier exists only in google-beta. A service agent that is created this way has no role on the project.
 * @see https://cloud.google.com/iam/docs/create-service-agents
 */
export class ServiceAgent extends TerraformResource {
  private readonly asked: Readonly<Record<'project' | 'service', string>>;

  constructor(scope: Construct, id: string, { project, service, googleBeta, dependsOn }: ServiceAgentConfig) {
    const provider = googleBeta ?? GoogleBeta.of(scope);
    super(scope, id, { terraformResourceType: 'google_project_service_identity', provider, dependsOn });
    this.asked = { project, service: `${service}.googleapis.com` };
  }

  /** Its IAM member. */
  get member(): string {
    return this.getStringAttribute('member');
  }

  protected override synthesizeAttributes() {
    return this.asked;
  }
}
