import type { Finding } from '../judge';
import type { Model } from './model';
import { type Shape, shapeOf } from './schema';
import { type Block, type Body, blocks } from './stack';

/** What Terraform itself reads in a resource. */
const META = ['depends_on', 'lifecycle', 'for_each', 'count', 'provider', 'provisioner', 'connection'];

/** What is set exists, and what must be set is set: in each resource, and in each block of it. */
export function settings({ blocks: all }: Model): Finding[] {
  return [...all.values()].flatMap((block) => {
    const shape = shapeOf(block.type);
    if (!shape) return [{ rule: 'type', where: block.address, what: `Nobody here knows the type ${block.type}.` }];
    const body = Object.fromEntries(Object.entries(block.body).filter(([name]) => !META.includes(name)));
    return within(block, shape, body, '');
  });
}

/** Every provider that something is made by is asked for with a version, and none is asked for that makes nothing. */
export function providers({ json, blocks: all }: Model): Finding[] {
  const asked = Object.entries((json.terraform?.required_providers ?? {}) as Body);
  const using = [...all.values()].filter(({ type }) => type !== 'terraform_data');
  const missing = using
    .filter((block) => !asked.some(([name]) => name === providerOf(block)))
    .map((block) => ({ rule: 'provider', where: block.address, what: `required_providers has no ${providerOf(block)}.` }));
  const faults = asked.flatMap(([name, provider]) => {
    const where = `required_providers.${name}`;
    return [
      ...(using.some((block) => providerOf(block) === name) ? [] : [{ rule: 'provider', where, what: 'It makes nothing.' }]),
      ...(json.provider?.[name] ? [] : [{ rule: 'provider', where, what: 'The stack does not configure it.' }]),
      ...(/^\d+\.\d+\.\d+$/.test(String(blocks(provider)[0]?.version))
        ? []
        : [{ rule: 'provider', where, what: 'Its version is not exact.' }]),
    ];
  });
  return [...missing, ...faults];
}

function within({ address, type }: Block, shape: Shape, body: Body, at: string): Finding[] {
  const fault = (rule: string, name: string, what: string): Finding => ({ rule, where: address, what: `${at}${name}: ${what}` });
  const missing = [...shape.settings].filter(([name, { required }]) => required && body[name] === undefined);
  return [
    ...missing.map(([name]) => fault('required', name, `${type} cannot be made without it.`)),
    ...Object.entries(body).flatMap(([name, value]) => {
      const setting = shape.settings.get(name);
      if (!setting) return [fault('setting', name, `${type} has no such setting.`)];
      if (!setting.block || typeof value === 'string') return [];
      const inner = blocks(value);
      if (inner.length === 0 && value !== null && !Array.isArray(value)) return [fault('setting', name, 'It is a block, and no value.')];
      return inner.flatMap((one) => within({ address, type, body }, setting.block!, one, `${at}${name}.`));
    }),
  ];
}

/** The provider that makes a resource or reads a data source. */
export function providerOf({ type, body }: Block): string {
  return typeof body.provider === 'string' ? body.provider.split('.')[0]! : type.replace('data.', '').split('_')[0]!;
}
