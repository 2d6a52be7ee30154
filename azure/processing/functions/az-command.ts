import type { FunctionAppFlexConsumption } from '@cdktf/provider-azurerm/lib/function-app-flex-consumption';
import { type DataConfig, DataResource, Fn } from 'cdktf';
import type { Construct } from 'constructs';

/**
 * An Azure CLI command for an app: shown in an output, or run by an apply. Its values are passed in shell variables, so that
 * a name cannot break the quoting.
 */
export class AzCommand {
  /** The command with all values filled in. */
  readonly shown: string;

  private readonly command: string;
  private readonly environment: Readonly<Record<string, string>>;

  /**
   * @param verb what comes after `az functionapp`
   * @param rest further arguments, which may use variables such as `"$ZIP"`
   * @param variables the variables that `rest` uses
   */
  constructor(app: FunctionAppFlexConsumption, verb: string, rest: string, variables: Readonly<Record<string, string>> = {}) {
    this.command = `az functionapp ${verb} --subscription "$SUBSCRIPTION" --resource-group "$GROUP" --name "$APP" ${rest}`;
    this.environment = {
      SUBSCRIPTION: Fn.element(Fn.split('/', app.id), 2),
      GROUP: app.resourceGroupName,
      APP: app.name,
      ...variables,
    };
    this.shown = this.command.replace(/"\$(\w+)"/g, (_, variable: string) => `'${this.environment[variable]}'`);
  }

  /** Run the command at each apply that creates or replaces this resource. It is retried, because a new role assignment takes minutes to become effective. */
  run(scope: Construct, id: string, when: Pick<DataConfig, 'triggersReplace' | 'lifecycle' | 'dependsOn'>): DataResource {
    return new DataResource(scope, id, {
      ...when,
      provisioners: [
        {
          type: 'local-exec',
          interpreter: ['/bin/sh', '-c'],
          command: `for try in 1 2 3 4 5; do ${this.command} && exit 0; sleep 30; done; exit 1`,
          environment: this.environment,
        },
      ],
    });
  }
}
