import type { FunctionAppFlexConsumption } from '@cdktf/provider-azurerm/lib/function-app-flex-consumption';
import { AssetType, TerraformAsset } from 'cdktf';
import { Construct } from 'constructs';
import { AzCommand } from './az-command';

/** The app settings that the provider writes at each change of an app, with an empty account key. */
const BROKEN = ['AzureWebJobsStorage', 'DEPLOYMENT_STORAGE_CONNECTION_STRING'];

/** Settings for {@link CodePackage}. */
export interface CodePackageProps {
  /** The app that the code is for. */
  readonly app: FunctionAppFlexConsumption;
  /** The absolute path of the zip. */
  readonly zip: string;
  /** The hash of the zip. When it changes, the code is published again. */
  readonly hash: string;
}

/**
 * The code of an app, copied beside the synthesized stack, and the two commands that make the app run: the first deletes the
 * app settings that the provider breaks, the second publishes the code.
 *
 * Terraform can do neither. At each change of the app, the provider writes a connection string without a key. With such a
 * setting, or with an empty one, the host does not start: hashicorp/terraform-provider-azurerm#29693,
 * Azure/azure-functions-host#11794. Flex Consumption accepts code only by One Deploy, which the provider does not support: its
 * `zip_deploy_file` fails with 404, see hashicorp/terraform-provider-azurerm#29630.
 * @see https://learn.microsoft.com/azure/azure-functions/flex-consumption-how-to#deploy-your-code-project
 */
export class CodePackage extends Construct {
  /** The command that deletes the broken app settings, so that the host can start. Run it after each apply that created or changed the app. */
  readonly settleCommand: string;
  /** The command that publishes the code. Run it in the folder of the synthesized stack, after `settleCommand`. */
  readonly publishCommand: string;

  private readonly settle: AzCommand;
  private readonly publish: AzCommand;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: CodePackageProps,
  ) {
    super(scope, id);
    const { app, zip, hash } = props;
    const asset = new TerraformAsset(this, 'Zip', { path: zip, type: AssetType.FILE, assetHash: hash });
    // `--output none`, because the command prints all remaining settings.
    this.settle = new AzCommand(app, 'config appsettings delete', `--setting-names ${BROKEN.join(' ')} --output none`);
    this.publish = new AzCommand(app, 'deployment source config-zip', '--src "$ZIP"', { ZIP: asset.path });
    this.settleCommand = this.settle.shown;
    this.publishCommand = this.publish.shown;
  }

  /** Run both commands at apply: the first after each change of the app, the second after it when the code or the app is new. */
  run() {
    const { app, hash } = this.props;
    // A plain address: for the app itself CDKTF writes "${...}", which Terraform refuses. hashicorp/terraform-cdk#3532.
    const address = `${app.terraformResourceType}.${app.friendlyUniqueId}`;
    const settled = this.settle.run(this, 'Settle', { triggersReplace: { app: app.id }, lifecycle: { replaceTriggeredBy: [address] } });
    this.publish.run(this, 'Publish', { triggersReplace: { code: hash, app: app.id }, dependsOn: [settled] });
  }
}
