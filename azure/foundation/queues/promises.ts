import { type Brought, type Load, PACKED } from '../../../shared/read/facts/cost';
import { promised } from '../../../shared/read/facts/promise';
import type { Needed, Promised, Seen } from '../../../shared/read/facts/types';
import { type Edit, type Holder, remove, set, type Which } from '../../../shared/read/facts/weaken';
import { facts as joined, type Step } from '../../../shared/read/picture';
import { type Asked, names, only, type Stack } from '../../../shared/read/stack';
import { references, type TfStack } from '../../../shared/read/tf';
import { deadLettersOf, settingsOf, textOf } from '../promises';
import { MOST_RETRIES } from './limits';

const SUBSCRIPTION = 'azurerm_eventgrid_system_topic_event_subscription';

/** An app, and the start of the names of the app settings with which its host reads a queue: `EVENTS`. */
interface Connection {
  readonly app: Asked;
  readonly name: string;
}

/** What facts say of queues whose readers are functions. */
export class QueueFacts {
  /** @param address the end of the name of the app setting that has the address for a trigger: `__fullyQualifiedNamespace` */
  constructor(private readonly address: string) {}

  /** The connections that read a queue. */
  triggersOf(queue: Asked, stack: Stack): Connection[] {
    return stack.all
      .flatMap((app) => this.namesIn(settingsOf(app)).map((name) => ({ app, name })))
      .filter(({ app, name }) => names(app, `app_settings.${name}_QUEUE`, queue));
  }

  /** The steps from a queue to its reader. */
  readBy(queue: Asked, seen: Seen): Step[] {
    return this.triggersOf(queue, seen).map(({ app, name }) => ({
      from: queue.stage,
      how: joined(
        'each message alone',
        textOf(app, `app_settings.${name}_MAX_RETRIES`, (retries) => `${retries} retries`),
      ),
      to: app.stage,
      notes: seen.tell(app),
      between: [queue.id, app.id],
    }));
  }

  /** Each message is a call, and a write of its own. A message that names a new object brings all of its lines. */
  brings(queue: Asked, load: Load): Brought {
    const calls = this.triggersOf(queue, load.stack).length * messagesInto(queue, load);
    return { calls, writes: calls, packed: objectsInto(queue, load) === undefined ? PACKED.alone : PACKED.together };
  }

  /** What a queue promises of its readers. */
  promises(): Promised[] {
    const isRead = (queue: Asked, stack: Stack) => this.triggersOf(queue, stack).length > 0;
    return [
      {
        ...promised(
          'bounded-retries',
          'have a reader with a limited number of retries',
          (queue, stack) => this.triggersOf(queue, stack).every(({ app, name }) => isBounded(app, `app_settings.${name}_MAX_RETRIES`)),
          {
            'a message is retried without limit': this.setInReaders('_MAX_RETRIES', '-1'),
            'the number of retries is not set': this.setInReaders('_MAX_RETRIES'),
          },
        ),
        concerns: isRead,
      },
      {
        ...promised(
          'nothing-lost',
          'have a reader with a dead letter that nothing else is written to',
          (queue, stack) => this.triggersOf(queue, stack).every(({ app }) => deadLettersOf(app).length > 0),
          {
            'events are lost after the last retry': this.inReaders((settings) => delete settings.DEAD_LETTER_CONTAINER),
            'dead letters are written among the events': this.inReaders((settings) => {
              settings.DEAD_LETTER_CONTAINER = settings.STORE_CONTAINER!;
            }),
          },
        ),
        concerns: isRead,
      },
    ];
  }

  /** Change the app settings of every app that reads a queue. */
  inReaders(change: (settings: Holder) => void): Edit {
    return (draft) => {
      const settings = [...draft.resources.values()].map(({ body }) => body.app_settings as Holder | undefined);
      const readers = settings.filter((one) => one !== undefined && this.namesIn(one).length > 0);
      if (readers.length === 0) throw new Error('No app reads a queue.');
      for (const one of readers) change(one!);
    };
  }

  private setInReaders(ending: string, value?: string): Edit {
    return this.inReaders((settings) => {
      for (const name of this.namesIn(settings)) {
        if (value === undefined) delete settings[`${name}${ending}`];
        else settings[`${name}${ending}`] = value;
      }
    });
  }

  private namesIn(settings: Readonly<Record<string, unknown>>): string[] {
    return Object.keys(settings)
      .filter((setting) => setting.endsWith(this.address))
      .map((setting) => setting.slice(0, -this.address.length))
      .filter((name) => settings[`${name}_QUEUE`] !== undefined);
  }
}

/** How many messages a second come into a queue: one for each event, or one for each new object of a store. */
export function messagesInto(queue: Asked, load: Load): number {
  return objectsInto(queue, load) ?? load.events;
}

/** The number of new objects that Event Grid puts into a queue. */
function objectsInto(queue: Asked, load: Load): number | undefined {
  const [container] = load.stack
    .of(SUBSCRIPTION)
    .filter((one) => one.refers().some(({ id }) => id === queue.id))
    .flatMap((one) => one.refers('subject_filter.subject_begins_with'));
  return container && load.writes(container).count;
}

/** What removing, disabling and numbing the alerts of `which` comes to. */
export function alertWeakenings(what: string, which: Which): Readonly<Record<string, Edit>> {
  return {
    [`there is no alert on ${what}`]: remove(which),
    [`the alert on ${what} is disabled`]: set('enabled', false, which),
    [`the alert on ${what} has a threshold of a million`]: set('criteria.0.threshold', 1_000_000, which),
  };
}

/** The step from clients to a queue, with their roles on it. */
export function sentBy(queue: Asked, how: string, seen: Seen): Step[] {
  const roles = seen.access.filter(({ identity, on }) => identity === 'client' && on === queue.name).map(({ may }) => may);
  if (roles.length === 0) return [];
  return [{ from: 'client', how: joined(how, ...roles), to: queue.stage, notes: seen.tell(queue), between: ['client', queue.id] }];
}

/** Clients send to the address in the outputs of the stack. */
export function senderNeeds(queue: Asked, stack: Stack, may: readonly string[]): Needed[] {
  const { output } = (stack as TfStack).json;
  const isTarget = references(output?.events_url?.value).includes(queue.id);
  return isTarget ? may.map((one) => ({ who: 'client', may: one, on: queue.id, because: 'clients send' })) : [];
}

function isBounded(app: Asked, setting: string): boolean {
  const retries = Number(only(app, setting));
  return retries >= 1 && retries <= MOST_RETRIES;
}
