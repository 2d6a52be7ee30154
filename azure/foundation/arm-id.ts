import { Fn, Token } from 'cdktf';

/**
 * An id as Azure Resource Manager writes it: `resourceGroups`, the types as given, the subscription in lower case. Azure
 * itself returns other spellings too. The provider refuses some of them, and plans a change at every apply for others.
 * @param id an id of that type. An id that is known only at deploy is returned unchanged
 * @param type the resource type of the id, such as `Microsoft.EventHub/namespaces/eventhubs`
 */
export function canonicalId(id: string, type: string): string {
  if (Token.isUnresolved(id)) return id;
  const given = id.split('/');
  const [provider, ...types] = type.split('/');
  const names = types.flatMap((one, index) => [one, given[8 + 2 * index]!]);
  return ['', 'subscriptions', given[2]!.toLowerCase(), 'resourceGroups', given[4], 'providers', provider, ...names].join('/');
}

/** The id of a user, a group or an identity in lower case, as Azure returns it. */
export function canonicalGuid(id: string): string {
  return Token.isUnresolved(id) ? id : id.toLowerCase();
}

/** One segment of an id, which may be known only at deploy. */
export function segment(id: string, index: number): string {
  return Token.isUnresolved(id) ? Fn.element(Fn.split('/', id), index) : id.split('/')[index]!;
}
