import type { Construct } from 'constructs';
import { requireTexts, type TextRule } from '../../../shared/synth/settings';

const PRINCIPAL: TextRule = {
  pattern: /^arn:aws[\w-]*:quicksight:[a-z0-9-]+:\d{12}:(user|group)\/[\w-]+\/\S{1,256}$/,
  must: 'be ARNs of users or groups of Quick Sight',
  remedy: 'See aws quicksight list-groups. Their region is the identity region of the account, which may differ from that of the stack.',
};

const actions = (...names: string[]) => names.map((name) => `quicksight:${name}`);

/**
 * The actions of an owner or a viewer. Quick Sight accepts exactly these sets, and refuses others when it is deployed.
 * @see https://docs.aws.amazon.com/quicksuite/latest/userguide/iam-actions.html
 */
const SETS = {
  viewDashboard: actions('DescribeDashboard', 'ListDashboardVersions', 'QueryDashboard'),
  ownDashboard: actions(
    ...['DescribeDashboard', 'ListDashboardVersions', 'QueryDashboard', 'UpdateDashboard', 'DeleteDashboard'],
    ...['DescribeDashboardPermissions', 'UpdateDashboardPermissions', 'UpdateDashboardPublishedVersion'],
  ),
  ownAnalysis: actions(
    ...['DescribeAnalysis', 'QueryAnalysis', 'UpdateAnalysis', 'DeleteAnalysis', 'RestoreAnalysis'],
    ...['DescribeAnalysisPermissions', 'UpdateAnalysisPermissions'],
  ),
  viewDataSet: actions('DescribeDataSet', 'DescribeDataSetPermissions', 'PassDataSet', 'DescribeIngestion', 'ListIngestions'),
};

/** A permission of people on one thing. */
export interface Permission {
  readonly principal: string;
  readonly actions: string[];
}

/** Give each of `people` a set of actions. Quick Sight refuses an empty list. */
export function permit(set: keyof typeof SETS, people: readonly string[]): Permission[] {
  return people.map((principal) => ({ principal, actions: [...SETS[set]] }));
}

/**
 * Refuse what is no user or group of Quick Sight, such as a namespace, which is everybody. Values that are known only at deploy pass.
 * @throws SettingError
 */
export function requirePeople(scope: Construct, settings: Readonly<Record<string, readonly string[] | undefined>>) {
  requireTexts(scope, settings, PRINCIPAL);
}
