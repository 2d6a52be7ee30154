import { EventhubNamespaceSchemaGroup } from '@cdktf/provider-azurerm/lib/eventhub-namespace-schema-group';
import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment';
import type { TerraformResourceLifecycle } from 'cdktf';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { keepAddress } from '../../../shared/synth/kept-name';
import type { Binding, Workload } from '../../ports/identity';
import type { HubNamespace } from './hub-namespace';

export const SCHEMA_FORMATS = ['Json', 'Avro'] as const;

const WRITER =
  'Azure has no built-in role that registers schemas and deletes none. Assign it to who releases schemas, and Schema Registry Reader to everybody else.';

/** Settings for {@link SchemaGroup}. */
export interface SchemaGroupProps {
  readonly namespace: HubNamespace;
  /** The address of the namespace. */
  readonly host: string;
  /** The name of the group. */
  readonly name: string;
  /** The format of all its schemas. */
  readonly format: (typeof SCHEMA_FORMATS)[number];
  /**
   * What protects the group, and so its schemas, from deletion.
   * @default - nothing
   */
  readonly lifecycle?: TerraformResourceLifecycle;
}

/**
 * A schema group of the schema registry of a namespace: where senders and readers look up the schemas of events, by name or by id.
 * The schemas themselves are data: azurerm has no resource for them, and {@link registerCommand} adds one.
 *
 * Event Hubs compares no event with a schema: the libraries of senders and readers do. New versions of an Avro schema must be able to
 * read what was written with the one before. Azure checks no compatibility of JSON schemas.
 *
 * Do not use it to keep bad events out: the handlers check each event against the event contract, whoever sent it. A group and its
 * schemas are free of charge, in each tier but Basic, which has none.
 * @see https://learn.microsoft.com/azure/event-hubs/schema-registry-concepts
 */
export class SchemaGroup extends Construct {
  /** The group, for anything this construct does not cover. */
  readonly resource: EventhubNamespaceSchemaGroup;
  /**
   * A command that registers the schema in the file `event.schema.json` as `Event`, or a new version of it. Whoever runs it needs the
   * role Schema Registry Contributor: see {@link bindWriter}.
   * @see https://learn.microsoft.com/rest/api/eventhub/put-schema
   */
  readonly registerCommand: string;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: SchemaGroupProps,
  ) {
    super(scope, id);
    const { namespace, host, name, format, lifecycle } = props;
    this.resource = new EventhubNamespaceSchemaGroup(this, 'Resource', {
      name,
      namespaceId: namespace.id,
      schemaType: format,
      schemaCompatibility: format === 'Avro' ? 'Backward' : 'None',
      lifecycle,
    });
    keepAddress(this.resource, name);
    namespace.lock?.over(this.resource);
    const token = 'az account get-access-token --resource https://eventhubs.azure.net --query accessToken --output tsv';
    this.registerCommand = [
      `curl -X PUT -H "Authorization: Bearer $(${token})" -H 'Content-Type: application/json; serialization=${format}'`,
      `--data-binary @event.schema.json 'https://${host}/$schemaGroups/${this.resource.name}/schemas/Event?api-version=2023-07-01'`,
    ].join(' ');
  }

  /** Let `reader` look schemas up, and nothing else. Senders and readers of events need it. */
  bindReader(reader: Workload, name: string): Binding {
    return this.bind(reader, name, 'Reader');
  }

  /** Let `writer` register schemas. The narrowest role of Azure for it also allows to delete them. */
  bindWriter(writer: Workload, name: string): Binding {
    return this.bind(writer, name, 'Contributor');
  }

  private bind(workload: Workload, name: string, as: 'Reader' | 'Contributor'): Binding {
    const { principalId, principalType, forEach } = workload;
    const grant = { scope: this.resource.id, roleDefinitionName: `Schema Registry ${as}`, principalId, principalType, forEach };
    const role = new RoleAssignment(workload, `${name}Schema${as}`, grant);
    this.props.namespace.lock?.over(role);
    if (as === 'Contributor') acknowledge(role, { 'least-privilege': WRITER });
    return { settings: { [`${name}_NAMESPACE`]: this.props.host, [`${name}_SCHEMA_GROUP`]: this.resource.name }, waitFor: [role] };
  }
}
