import { STAGES, words } from './picture';
import { type Asked, type Body, isList, reached, type Stack, type Value, valuesAt } from './stack';

export type { Value };
export { isList };
/** Settings of a resource: JSON with functions of CloudFormation. */
export type Properties = Body;

export interface CfnResource {
  readonly Type: string;
  readonly Properties?: Properties;
  readonly Metadata?: Properties;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly DependsOn?: string | readonly string[];
}

/** The parts of a template that are read here. */
export interface CfnTemplate {
  readonly Resources: Readonly<Record<string, CfnResource>>;
  readonly Parameters?: Readonly<Record<string, { readonly Default?: unknown }>>;
  readonly Outputs?: Readonly<Record<string, unknown>>;
}

/** The stage is the first word of the logical id. */
export function stageOf(id: string): string {
  return STAGES.find((stage) => id.startsWith(stage)) ?? 'Stack';
}

/** `BufferDeadLetter4A3CA5E4` is the `Buffer dead letter`. */
export function name(id: string): string {
  const stage = stageOf(id);
  return `${stage} ${words(id.replace(/[0-9A-F]{8}$/, '').slice(stage === 'Stack' ? 0 : stage.length))}`;
}

/** The first resource of the template that a value refers to. */
export function refOf(value: Value): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (isList(value)) return value.map(refOf).find((id) => id !== undefined);
  const { Ref, 'Fn::GetAtt': getAtt } = value;
  if (typeof Ref === 'string' && !Ref.startsWith('AWS::')) return Ref;
  if (getAtt) return String(list(getAtt)[0]);
  return Object.values(value)
    .map(refOf)
    .find((id) => id !== undefined);
}

/** The part of an ARN before the name of the resource. */
const ARN_OF = /^arn:[^/]*:(?=\$\{(?!AWS::)\w+\}$)/;

/** A value as text. Every reference to a resource becomes `${placeholder}`. */
export function text(value: Value): string {
  if (typeof value !== 'object' || value === null) return String(value ?? '');
  const { 'Fn::Join': join, 'Fn::Sub': sub, Ref } = value as Properties;
  if (join)
    return list(list(join)[1])
      .map(text)
      .join(String(list(join)[0] ?? ''))
      .replace(ARN_OF, '');
  if (typeof sub === 'string') return sub.replace(/(?<=\$\{\w+)\.\w+(?=\})/g, '');
  return `\${${refOf(value) ?? (typeof Ref === 'string' ? Ref : 'value')}}`;
}

export function list(value: Value): readonly Value[] {
  return value === undefined || value === null ? [] : isList(value) ? value : [value];
}

/** A CloudFormation template. */
export class CfnStack implements Stack {
  readonly all: readonly CfnAsked[];
  private readonly byId: ReadonlyMap<string, CfnAsked>;

  constructor(readonly template: CfnTemplate) {
    this.all = Object.entries(template.Resources).map(([id, resource]) => new CfnAsked(id, resource, this));
    this.byId = new Map(this.all.map((one) => [one.id, one]));
  }

  of(...types: readonly string[]): CfnAsked[] {
    return this.all.filter(({ type }) => types.includes(type));
  }

  get(id: string | undefined): CfnAsked | undefined {
    return id === undefined ? undefined : this.byId.get(id);
  }
}

/** A resource of CloudFormation. */
export class CfnAsked implements Asked {
  readonly type: string;
  readonly body: Body;
  readonly retained: boolean;
  /** Its `DependsOn`. */
  readonly dependsOn: readonly string[];
  private references?: readonly string[];

  constructor(
    readonly id: string,
    { Type, Properties = {}, DeletionPolicy, UpdateReplacePolicy, DependsOn }: CfnResource,
    private readonly stack: CfnStack,
  ) {
    this.type = Type;
    this.body = Properties;
    this.retained = [DeletionPolicy, UpdateReplacePolicy].every((policy) => policy?.startsWith('Retain'));
    this.dependsOn = list(DependsOn as Value).map(String);
  }

  get stage(): string {
    return stageOf(this.id);
  }

  get name(): string {
    return name(this.id);
  }

  get(setting: string): readonly Value[] {
    return valuesAt(this.body, setting);
  }

  refers(setting?: string): readonly CfnAsked[] {
    const values: readonly Value[] = setting === undefined ? [this.body] : this.get(setting);
    const ids = new Set(values.flatMap(referencesIn));
    return [...ids].flatMap((id) => this.stack.get(id) ?? []);
  }

  before(): ReadonlySet<string> {
    return reached(this.direct, (id) => this.stack.get(id)?.direct ?? []);
  }

  private get direct(): readonly string[] {
    this.references ??= [...this.dependsOn, ...referencesIn(this.body)];
    return this.references;
  }
}

/** The id of every resource that a value refers to. */
function referencesIn(value: Value): string[] {
  if (typeof value === 'string') return [...value.matchAll(/\$\{(\w+)(?:\.[\w.]+)?\}/g)].map(([, id]) => id!);
  if (typeof value !== 'object' || value === null) return [];
  if (isList(value)) return value.flatMap(referencesIn);
  const { Ref, 'Fn::GetAtt': getAtt } = value;
  if (typeof Ref === 'string') return Ref.startsWith('AWS::') ? [] : [Ref];
  if (getAtt) return [String(list(getAtt)[0]).split('.')[0]!];
  return Object.values(value).flatMap(referencesIn);
}

/** The conditions of a policy as one text, sorted. */
export function conditionsOf(conditions: readonly string[]): string {
  return [...conditions].sort().join(', ');
}
