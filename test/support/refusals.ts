import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { Construct } from 'constructs';
import { findConstructs } from '../../scripts/constructs';
import { type Blueprint, build, type Cloud, findBlueprints } from '../../shared/synth/blueprints';
import { SettingError } from '../../shared/synth/settings';
import { settingsOf } from './defaults';

/**
 * What nobody can mean, by the kind of setting. TypeScript refuses some of it; who writes JavaScript, or reads a setting
 * from an environment, has these checks alone.
 */
export const WRONG = {
  number: [NaN, Infinity, -Infinity, -1, 0.5, 1e9, '', '5', true, [], {}, 5n],
  text: ['', ' ', 'two\nlines', 'nul\0', 'X'.repeat(5000), 5, true, [], ['acme'], {}],
  texts: ['', 'x', 5, {}, [''], ['x'], [5], ['two\nlines'], [['x']]],
  choice: ['', 'x', 'two\nlines', -5, true, {}, '${var.choice}'],
  time: [5, '5', '', NaN, {}, [], { days: 5 }],
  resource: ['', 'name', 5, true, {}, []],
  stores: [[{}], { '': {} }, { 'my-store': {} }, { '1': {} }, { 'two\nlines': {} }],
  /** Objects that stages hand each other. One that is wrong fails, if not in words. */
  neighbour: [],
} as const;

/** A kind of setting, or what nobody can mean by one that has no kind. */
export type Wrong = keyof typeof WRONG | readonly unknown[];

interface Told {
  /** Every setting, in the order of its interface. */
  readonly settings: Readonly<Record<string, Wrong>>;
  /** Settings that are calculated with, and so must be known while synthesizing. */
  readonly calculated?: readonly string[];
}

/** What a folder refuses: `refusals.ts` beside its tests. */
export interface Refusals {
  /** How to make each construct that the folder has for people. */
  readonly constructs: Readonly<Record<string, Told & { make(id: string, props: any): Construct }>>;
  /** Methods that take settings, each by what it is. */
  readonly methods?: Readonly<Record<string, Told & { call(props: any): unknown }>>;
}

interface Own {
  readonly times?: readonly unknown[];
  readonly late?: readonly unknown[];
}

const TESTS = path.join(__dirname, '..');

/**
 * Declare what holds for every construct of a cloud, those included that come later.
 * @param stack all are made in it
 * @param own what only this cloud can be told: lengths of time that nobody can mean, and values that are known only at deploy
 */
export function holdRefusals<Stack extends Construct>(cloud: Cloud, stack: Stack, { times = [], late = [] }: Own) {
  const files = readdirSync(path.join(TESTS, cloud), { recursive: true, encoding: 'utf8' })
    .map((file) => path.posix.join(cloud, file.replaceAll(path.sep, '/')))
    .filter((file) => path.basename(file) === 'refusals.ts')
    .sort();
  const brought = files.map((file) => ({
    file,
    ...(require(path.join(TESTS, file)) as { refusals(stack: Stack): Refusals }).refusals(stack),
  }));
  const made = brought.flatMap(({ file, constructs }) => Object.entries(constructs).map(([name, how]) => ({ name, file, ...how })));
  const methods = brought.flatMap(({ methods: those = {} }) => Object.entries(those).map(([name, how]) => ({ name, ...how })));
  const known = findConstructs([cloud]).filter(({ isAbstract }) => !isAbstract);
  let tries = 0;

  test('each construct has its refusals beside its tests, and no other has', () => {
    const wanted = known.map(({ file, name }) => `test/${path.dirname(file)}/refusals.ts: ${name}`);
    expect(made.map(({ file, name }) => `test/${file}: ${name}`).sort()).toEqual(wanted.sort());
  });

  describe.each(made)('$name', ({ name, settings, calculated = [], make }) => {
    const { file } = known.find((one) => one.name === name) ?? {};

    test('has no setting that its refusals do not know', () =>
      expect(Object.keys(settings)).toEqual(file === undefined ? undefined : settingsOf(file, `${name}Props`)));

    test('refuses what nobody can mean, in one line, before it makes anything', () => {
      refuses(settings, times, (props) => {
        const id = `Refused${++tries}`;
        const error = faultOf(() => make(id, props)) as Error;
        expect(error.message).toMatch(new RegExp(`^${stack.node.path}/${id}: .{1,400}\\.$`));
        expect(stack.node.findChild(id).node.children).toEqual([]);
        return error;
      });
    });

    test('refuses what it calculates with and does not know yet', () => refusesLate(calculated, (props) => make(`Late${++tries}`, props)));
  });

  if (methods.length > 0) {
    describe.each(methods)('$name', ({ settings, calculated = [], call }) => {
      test('refuses what nobody can mean, in one line', () => {
        refuses(settings, times, (props) => {
          const error = faultOf(() => call(props)) as Error;
          expect(error.message).toMatch(new RegExp(`^${stack.node.path}/\\w+: .{1,400}\\.$`));
          return error;
        });
      });

      test('refuses what it calculates with and does not know yet', () => refusesLate(calculated, call));
    });
  }

  function refusesLate(calculated: readonly string[], make: (props: object) => unknown) {
    for (const setting of calculated) {
      for (const value of late) {
        expect(() => make({ [setting]: value })).toThrow(
          `: ${setting} must be known while synthesizing, got a value that is known only at deploy. Give the number itself, because the construct calculates with it.`,
        );
      }
    }
  }
}

/**
 * Declare that each blueprint of a cloud refuses settings that nobody can mean.
 * @param newApp makes an app to build in
 * @param more settings that every blueprint has, beside `removal`
 */
export function holdBlueprintRefusals(cloud: Cloud, newApp: () => Construct, more: Readonly<Record<string, Wrong>>) {
  test.each(findBlueprints([cloud]).map((blueprint): [string, Blueprint] => [blueprint.name, blueprint]))(
    'the blueprint %s refuses what nobody can mean, in one line',
    (name, blueprint) =>
      refuses({ removal: 'choice', ...more }, [], (props) => {
        const error = faultOf(() => build(newApp(), blueprint, props)) as Error;
        expect(error.message).toMatch(new RegExp(`^${cloud}-${name}(/\\w+)*: .{1,400}\\.$`));
        return error;
      }),
  );
}

function refuses(settings: Readonly<Record<string, Wrong>>, times: readonly unknown[], refusal: (props: object) => Error) {
  for (const [setting, kind] of Object.entries(settings)) {
    const wrong = typeof kind === 'string' ? [...WRONG[kind], ...(kind === 'time' ? times : [])] : kind;
    for (const value of wrong) {
      expect([setting, value, refusal({ [setting]: value })]).toEqual([setting, value, expect.any(SettingError)]);
    }
  }
}

function faultOf(work: () => unknown): unknown {
  try {
    work();
    return new Error('accepted');
  } catch (error) {
    return error;
  }
}
