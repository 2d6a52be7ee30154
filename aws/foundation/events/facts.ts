import { conditionsOf, text } from '../../../shared/read/cfn';
import { BRINGS_NOTHING, type Cost, type Load, MONTH } from '../../../shared/read/facts/cost';
import { factsOf } from '../../../shared/read/facts/find';
import { promised } from '../../../shared/read/facts/promise';
import type { Needed, Seen, ServiceFacts, TypeFacts } from '../../../shared/read/facts/types';
import { set } from '../../../shared/read/facts/weaken';
import { duration, type Step } from '../../../shared/read/picture';
import { receiverOf } from '../../../shared/read/read';
import { type Asked, amount } from '../../../shared/read/stack';
import { alarmOn, readyBeforeWork } from '../promises';

const DAY = 24 * 3600;
const AGE = 'Targets.RetryPolicy.MaximumEventAgeInSeconds';
const DEAD_LETTER = 'Targets.DeadLetterConfig.Arn';

const RULE: TypeFacts = {
  name: 'rule',
  role: 'moves data',
  flow: stepsOf,
  promises: [
    promised('bounded-retries', 'retry an event for a day', (rule) => rule.get(AGE).every((age) => age === DAY), {
      'an outage of minutes moves good events to the dead letter': set('Targets.0.RetryPolicy.MaximumEventAgeInSeconds', 60),
    }),
    promised('nothing-lost', 'have a dead-letter queue', (rule) => rule.refers(DEAD_LETTER).length === rule.get('Targets').length, {
      'events that cannot be delivered are dropped': set('Targets.0.DeadLetterConfig'),
    }),
    alarmOn('FailedInvocations', 'have an alarm at the first event that is no longer retried'),
    alarmOn('InvocationsFailedToBeSentToDlq', 'have an alarm at the first event that is lost'),
    readyBeforeWork((rule) => rule.refers('Targets.RoleArn')[0]),
  ],
  needs: needsOf,
  costs: (rule, load) => [eventsOfObjects(rule, load)],
  brings: BRINGS_NOTHING,
  local: {
    EventBusName: 'no effect here',
    EventPattern: 'no effect here',
    State: 'no effect here',
    Targets: { notRun: 'the local run has no EventBridge.' },
  },
};

/** Rules of EventBridge, which several services use. */
export const facts: ServiceFacts = {
  name: 'rules of EventBridge',
  local: 'runs',
  unproven: ['that EventBridge fills in an event as the documentation of input transformers says'],
  types: { 'AWS::Events::Rule': RULE },
};

/**
 * From what the pattern names, from the bus, or from an AWS service that is not in the template. A rule of an entry stands between
 * what it names and the buffer.
 */
function stepsOf(rule: Asked, seen: Seen): Step[] {
  const [source] = [...rule.refers('EventPattern'), ...rule.refers('EventBusName')];
  const words = ['source', 'detail-type'].flatMap((key) => rule.get(`EventPattern.${key}`)).map(text);
  const isEntry = source === undefined || (rule.stage === 'Connect' && source.stage !== 'Connect');
  const from: Pick<Asked, 'id' | 'stage'> = isEntry ? rule : source;
  const front: Step = {
    from: source?.stage ?? 'client',
    how: words.join(' '),
    to: rule.stage,
    notes: 'EventBridge',
    between: [source?.id ?? 'client', rule.id],
  };
  const hop = (setting: string, how: string): Step[] =>
    rule.refers(setting).map((target) => ({
      from: from.stage,
      how,
      to: receiverOf(target),
      notes: seen.tell(target),
      between: [from.id, target.id],
    }));
  const age = amount(rule, AGE);
  return [
    ...(isEntry ? [front] : []),
    ...hop('Targets.Arn', isEntry ? 'rule' : `rule, ${words.join(' ') || 'every event'}`),
    ...hop(DEAD_LETTER, `after ${duration(age)} of retries`),
  ];
}

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sqs-permissions */
function needsOf(rule: Asked): Needed[] {
  const [role] = rule.refers('Targets.RoleArn');
  const by = conditionsOf([`ArnEquals aws:SourceArn \${${rule.id}}`]);
  const send = (target: Asked): Needed[] => {
    const [may] = factsOf('aws').type(target.type)?.takes ?? [];
    const because = 'EventBridge puts the event';
    if (may === undefined) return [];
    return [{ who: 'events.amazonaws.com', may, on: `\${${target.id}}`, only: by, because }];
  };
  if (!role) return [...rule.refers('Targets.Arn'), ...rule.refers(DEAD_LETTER)].flatMap(send);
  const account = conditionsOf([`StringEquals aws:SourceAccount ${text({ Ref: 'AWS::AccountId' })}`]);
  return [
    { who: 'events.amazonaws.com', may: 'sts:AssumeRole', on: `\${${role.id}}`, only: account, because: 'EventBridge uses the role' },
    ...rule.refers('Targets.Arn').flatMap((target) => send(target).map(({ may, on, because }) => ({ who: role.id, may, on, because }))),
    ...rule.refers(DEAD_LETTER).flatMap(send),
  ];
}

/** EventBridge bills events of new objects. Events of most other AWS services are free of charge. */
function eventsOfObjects(rule: Asked, load: Load): Cost {
  const [store] = rule.refers('EventPattern');
  return {
    what: 'events of new objects',
    price: 'eventBridgeEvents',
    units: store ? load.writes(store).count * MONTH : 0,
    lower: 'Larger objects: a larger `batchSize` and `batchWindow` of what writes them.',
  };
}
