import { App, TerraformResource, TerraformStack, TerraformVariable } from 'cdktf';
import { Construct } from 'constructs';
import { keepAddress, takeName } from '../../../shared/synth/kept-name';
import { synthesize, type TerraformJson } from '../../support/cdktf';

/** A resource without settings. */
const resource = (scope: Construct, id: string, terraformResourceType = 'acme_queue') =>
  new TerraformResource(scope, id, { terraformResourceType });
const addressesOf = ({ json }: { json: TerraformJson }) => Object.keys(json.resource?.acme_queue ?? {});

describe('a name', () => {
  const app = () => new App({ skipValidation: true });
  const take = (scope: Construct, name: string, place: string) => takeName(scope, 'queue of a site', name, [place]);

  test('is taken once in its place, in the whole app, and the error says who has it and what to do', () => {
    const root = app();
    take(new TerraformStack(root, 'first'), 'events', 'acme');
    expect(() => take(new TerraformStack(root, 'second'), 'events', 'acme')).toThrow(
      new Error('second: each queue of a site must have its own name, got "events", which first has. Set name on one of them.'),
    );
  });

  test('can be taken again in another place, by another kind and in another app', () => {
    const stack = new TerraformStack(app(), 'first');
    take(stack, 'events', 'acme');
    expect(() => {
      take(stack, 'events', 'other');
      takeName(stack, 'topic of a site', 'events', ['acme']);
      take(new TerraformStack(app(), 'first'), 'events', 'acme');
    }).not.toThrow();
  });

  test('that contains a separator is not the name of another place', () => {
    const stack = new TerraformStack(app(), 'first');
    takeName(stack, 'queue of a site', 'b', ['a', 'c']);
    expect(() => takeName(stack, 'queue of a site', 'b', ['a","c'])).not.toThrow();
  });

  test('that is known only at deploy is compared as an expression, in its stack only', () => {
    const root = app();
    const [first, second] = ['first', 'second'].map((id) => new TerraformStack(root, id));
    const [variable, other] = [first!, second!].map((stack) => new TerraformVariable(stack, 'name', {}));
    take(first!, variable!.stringValue, 'acme');
    expect(() => take(second!, other!.stringValue, 'acme')).not.toThrow();
    expect(() => take(first!, '$' + '{var.name}', 'acme')).toThrow(
      `first: each queue of a site must have its own name, got "$\{var.name}", which first has.`,
    );
  });
});

describe('an address', () => {
  test('comes from the name, and an older state moves to it from the address that CDKTF makes', () => {
    const { json } = synthesize((stack) => keepAddress(resource(new Construct(stack, 'Buffer'), 'Queue'), 'events'));
    expect(addressesOf({ json })).toEqual(['events']);
    expect(json.moved).toEqual([{ from: expect.stringMatching(/^acme_queue\.Buffer_Queue_[0-9A-F]{8}$/), to: 'acme_queue.events' }]);
  });

  test.each([
    ['raw-events', 'raw_events'],
    ['2026', '_2026'],
    ['$' + '{var.name}-dead-letter', 'var_name_dead_letter'],
  ])('of the name %s is %s, which Terraform accepts', (name, address) => {
    expect(addressesOf(synthesize((stack) => keepAddress(resource(stack, 'Queue'), name)))).toEqual([address]);
  });

  test('of a name from a variable is an address too', () => {
    const made = synthesize((stack) => keepAddress(resource(stack, 'Queue'), new TerraformVariable(stack, 'name', {}).stringValue));
    expect(addressesOf(made)).toEqual(['var_name']);
  });

  test('can be the same for another type, and in another stack', () => {
    const build = () =>
      synthesize((stack) => {
        for (const type of ['acme_queue', 'acme_topic']) keepAddress(resource(stack, type, type), 'events');
        keepAddress(resource(new TerraformStack(stack.node.root as Construct, 'other'), 'Queue'), 'events');
      });
    expect(build).not.toThrow();
  });

  const twin = (path: string, owner: string, remedy: string) =>
    new Error(
      `${path}: each resource of a stack must have its own address in the state, got acme_queue.events, which ${owner} has. ${remedy}`,
    );

  test('of two names is refused: CDKTF would overwrite one with the other', () => {
    const build = () => synthesize((stack) => ['First', 'Second'].map((id) => keepAddress(resource(stack, id), 'events')));
    expect(build).toThrow(twin('test/Second', 'test/First', 'Set name on one of them, or give each a stack of its own.'));
  });

  test.each(['before', 'after'])('is refused for a construct that has it by its id, and that is created %s', (when) => {
    const build = () =>
      synthesize((stack) => {
        if (when === 'before') resource(stack, 'events');
        keepAddress(resource(stack, 'Queue'), 'events');
        if (when === 'after') resource(stack, 'events');
      });
    expect(build).toThrow(twin('test/events', 'test/Queue', 'Choose another id for this construct.'));
  });
});
