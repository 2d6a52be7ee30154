import { EventhubConsumerGroup } from '@cdktf/provider-azurerm/lib/eventhub-consumer-group';
import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment';
import { takeName } from '../../../shared/synth/kept-name';
import { requireText, type TextRule } from '../../../shared/synth/settings';
import type { Binding, Workload } from '../../ports/identity';
import type { HubNamespace } from './hub-namespace';

const READER: TextRule = {
  pattern: /^[a-zA-Z0-9][\w.-]{0,48}[a-zA-Z0-9]$/,
  must: 'be 2 to 50 letters, digits, dots, hyphens and underscores',
  remedy: 'The consumer group has the name of its reader.',
};

/** A binding of a writer, with the role assignment that it created. */
export interface HubWriting extends Binding {
  readonly role: RoleAssignment;
}

/** A binding of a reader, with the resources that it created. */
export interface HubReading extends HubWriting {
  readonly consumerGroup: EventhubConsumerGroup;
}

/** Grants access to a hub, with the settings to reach it. */
export class HubAccess {
  /** The address of the namespace. */
  readonly host: string;

  constructor(
    private readonly namespace: HubNamespace,
    private readonly hub: { readonly id: string; readonly name: string },
  ) {
    this.host = `${namespace.name}.servicebus.windows.net`;
  }

  /** Let `writer` send, and nothing else. */
  bindWriter(writer: Workload, name: string): HubWriting {
    const role = this.grant(writer, `${name}Writer`, 'Azure Event Hubs Data Sender');
    return { settings: this.settings(name), waitFor: [role], role };
  }

  /**
   * Let `reader` receive in its own consumer group: in a shared one, each event reaches only one of the readers.
   * @throws SettingError if the name is not valid for a consumer group, or if another reader has the same name
   */
  bindReader(reader: Workload, name: string): HubReading {
    requireText(reader, { name: reader.name }, READER);
    takeName(reader, 'reader of a hub', reader.name, [this.hub.id], 'Its consumer group has the same name.');
    const consumerGroup = new EventhubConsumerGroup(reader, `${name}ConsumerGroup`, {
      name: reader.name,
      eventhubName: this.hub.name,
      namespaceName: this.namespace.name,
      resourceGroupName: this.namespace.resourceGroupName,
    });
    this.namespace.lock?.over(consumerGroup);
    const role = this.grant(reader, `${name}Reader`, 'Azure Event Hubs Data Receiver');
    const settings = { ...this.settings(name), [`${name}_CONSUMER_GROUP`]: consumerGroup.name };
    return { settings, waitFor: [consumerGroup, role], consumerGroup, role };
  }

  private settings(name: string) {
    return { [`${name}_NAMESPACE`]: this.host, [`${name}_HUB`]: this.hub.name };
  }

  private grant(workload: Workload, id: string, roleDefinitionName: string): RoleAssignment {
    const { principalId, principalType, forEach } = workload;
    const role = new RoleAssignment(workload, id, { scope: this.hub.id, roleDefinitionName, principalId, principalType, forEach });
    this.namespace.lock?.over(role);
    return role;
  }
}
