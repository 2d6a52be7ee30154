import type { FunctionAppFlexConsumption } from '@cdktf/provider-azurerm/lib/function-app-flex-consumption';
import { AssetType, DataResource, Fn, TerraformAsset } from 'cdktf';
import { Construct } from 'constructs';

/** What the command has to know. */
type Place = 'SUBSCRIPTION' | 'GROUP' | 'APP' | 'ZIP';

/** Settings for {@link CodePackage}. */
export interface CodePackageProps {
  /** The app that the code is for. */
  readonly app: FunctionAppFlexConsumption;
  /** The absolute path of the zip. */
  readonly zip: string;
  /** The hash of the zip: another one means other code. */
  readonly hash: string;
}

/**
 * The code of an app, copied beside the synthesized stack, and the command that brings it into the app.
 *
 * One Deploy is the only way into Flex Consumption, and the provider has none: its `zip_deploy_file` ends in a 404, see
 * hashicorp/terraform-provider-azurerm#29630.
 * @see https://learn.microsoft.com/azure/azure-functions/flex-consumption-how-to#deploy-your-code-project
 */
export class CodePackage extends Construct {
  /** The command that publishes the code. Run it in the folder of the synthesized stack. */
  readonly publishCommand: string;

  private readonly target: Readonly<Record<Place, string>>;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: CodePackageProps,
  ) {
    super(scope, id);
    const { app, zip, hash } = props;
    const asset = new TerraformAsset(this, 'Zip', { path: zip, type: AssetType.FILE, assetHash: hash });
    this.target = {
      SUBSCRIPTION: Fn.element(Fn.split('/', app.id), 2),
      GROUP: app.resourceGroupName,
      APP: app.name,
      ZIP: asset.path,
    };
    this.publishCommand = command((place) => `'${this.target[place]}'`);
  }

  /** Publish whenever the code or the app is another. A new role takes minutes to reach every corner of Azure, so it is tried again. */
  publish() {
    const publish = command((place) => `"$${place}"`);
    new DataResource(this, 'Publish', {
      triggersReplace: { code: this.props.hash, app: this.props.app.id },
      provisioners: [
        {
          type: 'local-exec',
          interpreter: ['/bin/sh', '-c'],
          command: `for try in 1 2 3 4 5; do ${publish} && exit 0; sleep 30; done; exit 1`,
          environment: this.target,
        },
      ],
    });
  }
}

function command(value: (place: Place) => string): string {
  const app = `--subscription ${value('SUBSCRIPTION')} --resource-group ${value('GROUP')} --name ${value('APP')}`;
  return `az functionapp deployment source config-zip ${app} --src ${value('ZIP')}`;
}
