import type { FunctionAppFlexConsumption } from '@cdktf/provider-azurerm/lib/function-app-flex-consumption';
import { type DataConfig, DataResource, Fn } from 'cdktf';
import type { Construct } from 'constructs';

/**
 * A command of the Azure CLI on an app: shown to a person, or run by whoever applies. What it needs to know stands in
 * variables of the shell, so that no name can break out of its quotes.
 */
export class AzCommand {
  /** The command with everything filled in. */
  readonly shown: string;

  private readonly command: string;
  private readonly environment: Readonly<Record<string, string>>;

  /**
   * @param verb what comes after `az functionapp`
   * @param rest further arguments, which may name variables such as `"$ZIP"`
   * @param variables the variables that `rest` names
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

  /** Run it at each apply that makes or replaces this. A new role takes minutes to reach every corner of Azure, so it is tried again. */
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
