import type ts from 'typescript';
import { handlersIn } from './closure';
import { asksItself, type Made, valuesIn } from './platform';

/** A construct in the example code. */
export interface Placed {
  readonly made: Made;
  /** Its props. */
  readonly props: readonly ts.ObjectLiteralElementLike[];
  readonly variable?: string;
  readonly id: string;
}

/** A construct that is left out of the example code: services or handlers that it needs are not copied, or a setting is not known. */
export interface Left {
  readonly made: Made;
  readonly missing: readonly string[];
  /** Required settings that only its blueprint knows. */
  readonly unknown: readonly string[];
}

/** The constructs of the example code, in order: each comes after the constructs that it uses. */
export class Arrangement {
  /** By class name. */
  readonly placed = new Map<string, Placed>();
  readonly left: readonly Left[];

  /**
   * @param wanted the constructs that blueprints create from what is copied. Of several of one class, the first possible one is used.
   * @param handlers the folders of the handlers that are copied
   */
  constructor(
    wanted: readonly Made[],
    private readonly handlers: readonly string[],
  ) {
    for (const made of wanted) {
      if (!this.placed.has(made.className) && this.missingOf(made).length === 0 && this.unknownOf(made).length === 0) this.place(made);
    }
    const left = new Map<string, Left>();
    for (const made of wanted.filter(({ className }) => !this.placed.has(className))) {
      const [missing, unknown] = [this.missingOf(made), this.unknownOf(made)];
      const before = left.get(made.className);
      const isBetter = !before || missing.length + unknown.length < before.missing.length + before.unknown.length;
      if (isBetter) left.set(made.className, { made, missing, unknown });
    }
    this.left = [...left.values()];
  }

  /** The name of a value in the example code, by its name in the blueprint. */
  nameOf({ blueprint }: Made, name: string): string {
    const neighbour = blueprint.made.find(({ variable }) => variable === name);
    return (neighbour && this.placed.get(neighbour.className)?.variable) ?? name;
  }

  /** The names of the values in the props of a construct. */
  givenTo({ made, props }: Placed): string[] {
    return props.flatMap(valuesIn).map(({ text }) => this.nameOf(made, text));
  }

  private place(made: Made) {
    for (const neighbour of this.neighboursOf(made)) if (!this.placed.has(neighbour.className)) this.place(neighbour);
    const { className, variable, id } = made;
    const isTaken = [...this.placed.values()].some((one) => one.id === id || (variable !== undefined && one.variable === variable));
    const own = className[0]!.toLowerCase() + className.slice(1);
    const props = made.props.filter((prop) => isGiven(made, prop));
    this.placed.set(className, { made, props, variable: variable && (isTaken ? own : variable), id: isTaken ? className : id });
  }

  /** The services and handlers that a construct needs and that are not copied. Files of the foundation are copied automatically. */
  private missingOf(made: Made): string[] {
    const missing = this.neighboursOf(made).filter(
      ({ file, className }) => !this.placed.has(className) && file.split('/')[1] !== 'foundation',
    );
    const handlers = handlersIn(made.props.map((prop) => prop.getText()).join('\n'));
    const services = missing.map(({ file }) => file.split('/').slice(0, 3).join('/'));
    return [...new Set([...services, ...handlers.filter((one) => !this.handlers.includes(one))])];
  }

  /** The required settings of a construct and of its neighbours that cannot be used outside of the blueprint. */
  private unknownOf(made: Made): string[] {
    const ofNeighbours = this.neighboursOf(made).flatMap((neighbour) =>
      unknownOf(neighbour).map((setting) => `${setting} of ${neighbour.className}`),
    );
    return [...unknownOf(made).map((setting) => `its ${setting}`), ...ofNeighbours];
  }

  private neighboursOf({ props, blueprint }: Made): Made[] {
    const names = props.flatMap(valuesIn).map(({ text }) => text);
    return blueprint.made.filter(({ variable }) => variable !== undefined && names.includes(variable));
  }
}

/** The required settings that cannot be used outside of the blueprint. */
function unknownOf(made: Made): string[] {
  const given = made.props.filter((prop) => isGiven(made, prop)).map((prop) => prop.name?.getText());
  return made.required.filter((name) => !given.includes(name));
}

/** Whether a setting can be used outside of its blueprint. One that uses `this` or the props of the blueprint cannot. */
function isGiven({ blueprint }: Made, prop: ts.ObjectLiteralElementLike): boolean {
  const isKnown = (name: string) =>
    name === 'site' || blueprint.imports.has(name) || blueprint.made.some(({ variable }) => variable === name);
  return !asksItself(prop) && valuesIn(prop).every(({ text }) => isKnown(text));
}
