/** JSON that may be changed. */
export type Json = null | boolean | number | string | Json[] | Holder;
export interface Holder {
  [key: string]: Json;
}

/** A change that makes a template worse. */
export interface Weakening {
  /** What is worse, in a few words. */
  readonly name: string;
  readonly edit: Edit;
}

/** A change of a template. In the texts that it puts in, `<type.Name.attribute>` refers to a resource. */
export type Edit = (draft: Draft) => void;

/** A template that is changed: its resources, each by an address that begins with its type. */
export class Draft {
  /** @param resources by address, such as `AWS::S3::Bucket StoreBucket` or `google_pubsub_topic.Buffer_Topic` */
  constructor(readonly resources: Map<string, Holder>) {}

  /** @throws Error when there is none, since then the weakening would weaken nothing */
  find(address: RegExp): Holder[] {
    const found = [...this.resources].filter(([name]) => address.test(name)).map(([, body]) => body);
    if (found.length === 0) throw new Error(`There is no ${address} to weaken.`);
    return found;
  }

  /** The text with `<type.Name.attribute>` as Terraform refers to it: the names of resources end in a hash of their path. */
  name(text: string): string {
    return text.replace(/<(\w+\.\w+?)(\.\w+)?>/g, (_, start: string, attribute?: string) => {
      const address = [...this.resources.keys()].find((one) => new RegExp(`^${start}(_[0-9A-F]{8})?$`).test(one));
      if (!address) throw new Error(`There is no ${start} to refer to.`);
      return attribute ? `\${${address}${attribute}}` : address;
    });
  }
}

/** Set a value in each resource whose address fits. Without a value, it is taken out. */
export function set(address: RegExp, path: string, value?: Json): Edit {
  const steps = path.split('.');
  const last = steps.pop()!;
  return (draft) => {
    for (const resource of draft.find(address)) {
      const holder = steps.reduce<Json>((at, step) => (at as Holder)[step] ?? {}, resource) as Holder;
      if (value === undefined) delete holder[last];
      else holder[last] = JSON.parse(draft.name(JSON.stringify(value)));
    }
  };
}

/** Take resources out. */
export function remove(address: RegExp): Edit {
  return (draft) => {
    draft.find(address);
    for (const name of draft.resources.keys()) if (address.test(name)) draft.resources.delete(name);
  };
}

/** Put a resource in. */
export function add(address: string, body: Holder): Edit {
  return (draft) => draft.resources.set(address, JSON.parse(draft.name(JSON.stringify(body))));
}

/** Change lists in each resource whose address fits. */
export function filter(address: RegExp, path: string, keep: (one: Json) => boolean): Edit {
  return (draft) => {
    for (const resource of draft.find(address)) {
      const list = path.split('.').reduce<Json>((at, step) => (at as Holder)[step]!, resource) as Json[];
      list.splice(0, list.length, ...list.filter(keep));
    }
  };
}

/** Change a text in each resource whose address fits, wherever in it the text stands. */
export function replace(address: RegExp, from: string | RegExp, to: string): Edit {
  return (draft) => {
    for (const resource of draft.find(address)) {
      const changed: Holder = JSON.parse(JSON.stringify(resource).replace(from, draft.name(to)));
      for (const key of Object.keys(resource)) delete resource[key];
      Object.assign(resource, changed);
    }
  };
}
