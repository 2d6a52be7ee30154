import { RemovalPolicy } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { mayDestroy, type Removal } from '../../shared/synth/settings';

/**
 * The removal policy of a resource that holds data. A retained resource stays when its stack is deleted and when it is
 * replaced. If the first deploy fails, it is deleted, because it has no data yet.
 * @throws SettingError when `removal` is `destroy` without the context `destroyData`
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html
 */
export function removalPolicyOf(scope: IConstruct, removal?: Removal): RemovalPolicy {
  return mayDestroy(scope, removal) ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;
}
