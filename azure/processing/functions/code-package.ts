import type { FunctionAppFlexConsumption } from '@cdktf/provider-azurerm/lib/function-app-flex-consumption';
import { AssetType, TerraformAsset } from 'cdktf';
import { Construct } from 'constructs';
import { AzCommand } from './az-command';

/** What the provider writes into the settings of an app at each change of it, with an empty key in it. */
const BROKEN = ['AzureWebJobsStorage', 'DEPLOYMENT_STORAGE_CONNECTION_STRING'];

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
 * The code of an app, copied beside the synthesized stack, and the two commands that make the app run: one takes out what the
 * provider breaks, one brings the code in.
 *
 * Terraform can do neither. The provider writes a connection string without a key at each change of the app, and the host
 * starts with no such setting, nor with an empty one: hashicorp/terraform-provider-azurerm#29693, Azure/azure-functions-host#11794.
 * One Deploy is the only way into Flex Consumption, and the provider has none: its `zip_deploy_file` ends in a 404, see
 * hashicorp/terraform-provider-azurerm#29630.
 * @see https://learn.microsoft.com/azure/azure-functions/flex-consumption-how-to#deploy-your-code-project
 */
export class CodePackage extends Construct {
  /** The command that lets the host of the app start. It is due after each apply that made or changed the app. */
  readonly settleCommand: string;
  /** The command that publishes the code. Run it in the folder of the synthesized stack, once the app is settled. */
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
    // Without an output: the command would print every setting that is left.
    this.settle = new AzCommand(app, 'config appsettings delete', `--setting-names ${BROKEN.join(' ')} --output none`);
    this.publish = new AzCommand(app, 'deployment source config-zip', '--src "$ZIP"', { ZIP: asset.path });
    this.settleCommand = this.settle.shown;
    this.publishCommand = this.publish.shown;
  }

  /** Settle the app whenever it was changed, and publish whenever the code or the app is another: never into an app whose host cannot start. */
  run() {
    const { app, hash } = this.props;
    // A plain address: CDKTF writes "${...}" for the app itself, which Terraform refuses, hashicorp/terraform-cdk#3532.
    const address = `${app.terraformResourceType}.${app.friendlyUniqueId}`;
    const settled = this.settle.run(this, 'Settle', { triggersReplace: { app: app.id }, lifecycle: { replaceTriggeredBy: [address] } });
    this.publish.run(this, 'Publish', { triggersReplace: { code: hash, app: app.id }, dependsOn: [settled] });
  }
}
