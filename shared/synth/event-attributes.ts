import contract from '../runtime/event.schema.json';

/** The names of the attributes of an event and of its data, in the order of the event contract. */
export const EVENT_ATTRIBUTES: readonly string[] = Object.keys(contract.properties);
