import { RemovalPolicy } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { mayDestroy, type Removal } from '../../shared/synth/settings';

/**
 * What CloudFormation does with a resource that holds data. One that is retained stays when its stack is deleted and when
 * it is replaced; a first deploy that fails takes it back all the same, since nothing is in it yet.
 * @throws SettingError when only one of the two keys to destroy is there
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html
 */
export function removalPolicyOf(scope: IConstruct, removal?: Removal): RemovalPolicy {
  return mayDestroy(scope, removal) ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;
}
