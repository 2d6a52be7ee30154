import type { Facts } from './facts/find';
import { type Granted, type Graph, isDeadLetter, type Part, STAGES, type Step, type Way } from './picture';
import type { Asked, Stack } from './stack';

const CLIENT = 'client';

/** Builds the graph of a picture from the steps of an event. */
export function graphOf(steps: readonly Step[], stack: Stack, facts: Facts, granted: readonly Granted[]): Graph {
  const ids = [...new Set(steps.flatMap(({ between }) => between))];
  const alarms = alarmsOf(stack, facts, ids);
  const parts = ids.map((id): Part => {
    const resource = stack.get(id);
    const notes = steps.find(({ between: [, to], notes: told }) => to === id && told !== '')?.notes ?? '';
    if (!resource) return outside(id, steps);
    const { service, tells } = toldOf(notes, facts.services.get(facts.of(resource).folder)?.name);
    return {
      id,
      stage: stageOf(resource, facts, stack),
      service,
      name: resource.name,
      tells,
      isDeadLetter: isDeadLetter(resource.name),
      alarms: alarms.get(id) ?? 0,
      permissions: permissionsOf(resource, facts.of(resource).runs?.(resource, stack).as, granted),
    };
  });
  const ways = steps.map(({ between: [from, to], how }) => ({ from, to, how: [how] }));
  return withEndpoints({ parts, ways: merged(ways) }, stack, facts);
}

/** Parts that are not in the template: clients and existing resources. A processor reads from a buffer and writes to a store. */
function outside(id: string, steps: readonly Step[]): Part {
  const sender = steps.find(({ between: [from] }) => from === id)?.from;
  const isWritten = sender === undefined && steps.some(({ between: [, to], from }) => to === id && from.startsWith('Processing'));
  const stage = id === CLIENT ? '' : (STAGES.find((one) => sender?.startsWith(one)) ?? (isWritten ? 'Store' : 'Buffer'));
  const service = id.replace(/^an /, '');
  return { id, stage, service, name: service, tells: [], isDeadLetter: false, alarms: 0, permissions: [] };
}

/** `Event Hubs Standard, 7 days`: the service, and its description. */
function toldOf(notes: string, service: string | undefined) {
  const [first = '', ...tells] = notes.split(', ');
  if (service === undefined || !first.startsWith(service)) return { service: first === '' ? (service ?? '') : first, tells };
  const more = first.slice(service.length).trim();
  return { service, tells: more === '' ? tells : [more, ...tells] };
}

/**
 * The stage at the start of the construct's name, or else the stage of the folder of its service. The folder of a service of two
 * stages is in the first one, `connect`, but only resources that clients send to belong to Connect.
 */
function stageOf(resource: Asked, facts: Facts, stack: Stack): string {
  const named = STAGES.find((stage) => resource.stage.startsWith(stage));
  if (named) return named;
  const folder = folderStage(resource, facts);
  const role = facts.role(resource, stack);
  if (folder !== 'Connect' || role === 'lets in') return folder ?? (role === 'runs code' ? 'Processing' : 'Store');
  return role === 'runs code' ? 'Processing' : 'Buffer';
}

function folderStage(resource: Asked, facts: Facts): string | undefined {
  const [, folder] = facts.of(resource).folder.split('/');
  return STAGES.find((stage) => stage.toLowerCase() === folder);
}

/** A service that clients send to and that keeps the events belongs to two stages: its endpoint is a separate part. */
function withEndpoints({ parts, ways }: Graph, stack: Stack, facts: Facts): Graph {
  const endpoints = new Map<string, Part>();
  const led = ways.flatMap((way): Way[] => {
    const part = parts.find(({ id }) => id === way.to);
    const resource = stack.get(way.to);
    const takes = resource && ['Connect', 'Buffer'].includes(folderStage(resource, facts) ?? '');
    if (way.from !== CLIENT || !part || !takes || part.stage === 'Connect') return [way];
    const { folder, name } = facts.of(resource);
    const id = `endpoint of ${folder}`;
    const tells = [`endpoint of the ${name}`];
    endpoints.set(id, { ...part, id, stage: 'Connect', name: `Connect ${part.service}`, tells, alarms: 0, permissions: [] });
    return [
      { ...way, to: id },
      { from: id, to: way.to, how: [] },
    ];
  });
  const isClient = ({ id }: Part) => id === CLIENT;
  return {
    parts: [...parts.filter(isClient), ...endpoints.values(), ...parts.filter((part) => !isClient(part))],
    ways: merged(led),
  };
}

/** Merge all connections between two parts into one. */
function merged(ways: readonly Way[]): Way[] {
  const found = new Map<string, Way>();
  for (const way of ways) {
    const key = `${way.from} ${way.to}`;
    const how = [...new Set([...(found.get(key)?.how ?? []), ...way.how])];
    found.set(key, { ...way, how });
  }
  return [...found.values()].filter(({ from, to }) => from !== to);
}

/** The number of alarms of each part: of the part that an alarm refers to, or else of its stage. */
function alarmsOf(stack: Stack, facts: Facts, ids: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const alarms = stack.all.filter((one) => facts.role(one, stack) === 'watches' && /\b(alarm|alert)\b/.test(facts.of(one).name));
  for (const alarm of alarms) {
    const near = alarm.refers();
    const first = (found: readonly Asked[]) => ids.find((id) => found.some((one) => one.id === id));
    const part = first(near) ?? first(near.flatMap((one) => one.refers())) ?? ids.find((id) => stack.get(id)?.stage === alarm.stage);
    if (part) counts.set(part, (counts.get(part) ?? 0) + 1);
  }
  return counts;
}

/** @param as the identity that it runs as. A part without code has the permissions of its stage. */
function permissionsOf({ stage, name }: Asked, as: string | undefined, granted: readonly Granted[]): string[] {
  const sentence = ({ identity, may, on, only }: Granted) => `${identity} may ${may} on ${on}${only === '' ? '' : `, ${only}`}`;
  const isOwn = ({ holder, identity }: Granted) => (as === undefined ? identity === stage : holder === as);
  const isOnIt = ({ on }: Granted) => on.split(', ').some((one) => one === name || one.startsWith(`${name} `));
  return granted.filter((grant) => !grant.may.startsWith('(denied)') && (isOwn(grant) || isOnIt(grant))).map(sentence);
}
