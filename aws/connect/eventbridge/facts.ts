import { type Cost, GB, type Load, MONTH } from '../../../shared/read/facts/cost';
import { promised } from '../../../shared/read/facts/promise';
import type { ServiceFacts } from '../../../shared/read/facts/types';
import { add, set } from '../../../shared/read/facts/weaken';
import { type Asked, amount, names, only, type Stack } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { RETAINED } from '../../foundation/promises';

const BUS = 'AWS::Events::EventBus';
const ARCHIVE = 'AWS::Events::Archive';
const POLICY = 'AWS::Events::EventBusPolicy';

export const facts: ServiceFacts = {
  name: 'EventBridge',
  local: { not: 'the local run has no EventBridge' },
  unproven: [
    'That a deploy accepts a partner event source whose bus has its name, and what a partner sends.',
    'That EventBridge passes on an event without line breaks, however its sender wrote it: stores keep one event in a line.',
  ],
  types: {
    [BUS]: {
      name: 'event bus',
      role: 'lets in',
      tells: (bus, stack) => {
        const archive = stack.of(ARCHIVE).find((one) => names(one, 'SourceArn', bus));
        return ['EventBridge', archive && `archive ${amount(archive, 'RetentionDays')} days`];
      },
      takes: ['events:PutEvents'],
      flow: (bus, seen) => [
        {
          from: 'client',
          how: isOfPartner(bus) ? 'events of a partner' : 'events:PutEvents, by permission',
          to: bus.stage,
          notes: seen.tell(bus),
          between: ['client', bus.id],
        },
      ],
      promises: [
        // EventBridge deletes no bus with rules, and an archive has one.
        { ...RETAINED, concerns: (bus, stack) => stack.of(ARCHIVE).some((one) => names(one, 'SourceArn', bus)) },
        promised('known-callers', 'have no policy that lets other accounts in', isClosed, {
          'everyone may put events': add(POLICY, (draft, { id }) => ({
            EventBusName: draft.reference(id),
            StatementId: 'everyone',
            Statement: { Effect: 'Allow', Principal: '*', Action: 'events:PutEvents', Resource: draft.reference(id, 'Arn') },
          })),
          'another account may put events': set('Policy', {
            Statement: [{ Effect: 'Allow', Principal: { AWS: '210987654321' }, Action: 'events:PutEvents', Resource: '*' }],
          }),
        }),
      ],
      answered: {
        rings: 'A sender gets the refusal of an event in the answer. Events that were accepted are watched by the alarms of the rule.',
      },
      costs: putEvents,
      local: { Name: 'emulated', EventSourceName: 'emulated', Tags: 'no effect here' },
    },
    [ARCHIVE]: {
      name: 'archive of events',
      role: 'holds data',
      tells: (archive) => ['archive', `${amount(archive, 'RetentionDays')} days`, said.kept(archive)],
      promises: [
        RETAINED,
        promised('kept-for-a-replay', 'keep events for a time, and not for ever', (archive) => amount(archive, 'RetentionDays') >= 1, {
          'events are kept for ever': set('RetentionDays'),
        }),
      ],
      answered: {
        encrypted: 'EventBridge encrypts it with a key of AWS. It has no setting for that.',
        private: 'Only a replay reads it, which takes a permission of IAM.',
        undelete: 'A deleted archive cannot be restored. What was delivered is in the store.',
        rings: 'EventBridge has no metric of an archive. It is a copy: the rule delivers without it.',
      },
      costs: archived,
      local: {
        ArchiveName: 'no effect here',
        EventPattern: 'no effect here',
        KmsKeyIdentifier: 'no effect here',
        RetentionDays: 'no effect here',
        SourceArn: 'emulated',
      },
    },
    [POLICY]: { name: 'policy of an event bus', role: 'grants', local: 'no effect here' },
  },
};

function isOfPartner(bus: Asked): boolean {
  return only(bus, 'EventSourceName') !== undefined;
}

function isClosed(bus: Asked, stack: Stack): boolean {
  return bus.get('Policy').length === 0 && !stack.of(POLICY).some((policy) => names(policy, 'EventBusName', bus));
}

function putEvents(_: Asked, { events, size }: Load): Cost[] {
  const lower = 'The bus `aws`, if they are events of AWS services, most of which are free of charge; else write to the buffer directly.';
  return [{ what: 'events, in parts of 64 kB', price: 'eventBridgeEvents', units: events * MONTH * Math.ceil(size / 65_536), lower }];
}

function archived(archive: Asked, { events, size }: Load): Cost[] {
  const bytes = events * size * MONTH;
  return [
    {
      what: 'events archived',
      price: 'eventBridgeArchive',
      units: bytes / GB,
      lower: "`archive: 'none'`, if the store keeps every event.",
    },
    {
      what: 'events kept',
      price: 'eventBridgeArchiveKept',
      units: ((bytes / GB) * amount(archive, 'RetentionDays')) / 30,
      lower: 'A shorter `archive`.',
    },
  ];
}
