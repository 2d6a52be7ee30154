import { CosmosdbSqlRoleAssignment } from '@cdktf/provider-azurerm/lib/cosmosdb-sql-role-assignment';
import { CosmosdbSqlRoleDefinition } from '@cdktf/provider-azurerm/lib/cosmosdb-sql-role-definition';
import type { Construct } from 'constructs';
import type { Binding, Workload } from '../../ports/identity';
import type { CosmosAccount } from './cosmos-account';

const ITEMS = 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items';

/** The roles that each account has, by the ends of their ids. */
const BUILT_IN = { Reader: '00000000-0000-0000-0000-000000000001', Contributor: '00000000-0000-0000-0000-000000000002' };

/** A binding, with the role assignment that it created. */
export interface CosmosBinding extends Binding {
  readonly role: CosmosdbSqlRoleAssignment;
}

/**
 * Grants access to the containers of a database. Roles of Azure Resource Manager allow no access to items: Cosmos DB has role
 * definitions and role assignments of its own, and scopes that are no ids of Azure Resource Manager.
 */
export class ContainerAccess {
  /** The role that adds items, and neither reads, replaces nor deletes any. */
  readonly writerRole: CosmosdbSqlRoleDefinition;

  constructor(
    scope: Construct,
    private readonly account: CosmosAccount,
    private readonly database: string,
    private readonly container: string,
    roleName: string,
  ) {
    this.writerRole = new CosmosdbSqlRoleDefinition(scope, 'WriterRole', {
      name: roleName,
      accountName: account.name,
      resourceGroupName: account.resourceGroupName,
      assignableScopes: [this.scopeOf(container)],
      permissions: [{ dataActions: ['Microsoft.DocumentDB/databaseAccounts/readMetadata', `${ITEMS}/create`] }],
    });
    account.lock?.over(this.writerRole);
  }

  bindWriter(writer: Workload, name: string): CosmosBinding {
    return this.bind(name, this.assign(writer, `${name}Writer`, this.writerRole.id, this.container));
  }

  bindReader(reader: Workload, name: string): CosmosBinding {
    return this.bind(name, this.grant(reader, `${name}Reader`, 'Reader', this.container));
  }

  /** Assign a built-in role on a container of the database. */
  grant(workload: Workload, id: string, role: keyof typeof BUILT_IN, container: string): CosmosdbSqlRoleAssignment {
    return this.assign(workload, id, `${this.account.id}/sqlRoleDefinitions/${BUILT_IN[role]}`, container);
  }

  private bind(name: string, role: CosmosdbSqlRoleAssignment): CosmosBinding {
    const settings = {
      [`${name}_ENDPOINT`]: this.account.endpoint,
      [`${name}_DATABASE`]: this.database,
      [`${name}_CONTAINER`]: this.container,
    };
    return { settings, waitFor: [role], role };
  }

  private assign(workload: Workload, id: string, roleDefinitionId: string, container: string): CosmosdbSqlRoleAssignment {
    const { principalId, forEach } = workload;
    const role = new CosmosdbSqlRoleAssignment(workload, id, {
      accountName: this.account.name,
      resourceGroupName: this.account.resourceGroupName,
      scope: this.scopeOf(container),
      roleDefinitionId,
      principalId,
      forEach,
    });
    this.account.lock?.over(role);
    return role;
  }

  private scopeOf(container: string): string {
    return `${this.account.id}/dbs/${this.database}/colls/${container}`;
  }
}
