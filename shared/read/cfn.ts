import { STAGES, words } from './picture';

/** A value in a template: JSON, with the functions of CloudFormation among it. */
export type Value = string | number | boolean | undefined | readonly Value[] | Properties;
export type Properties = { readonly [key: string]: Value };

export interface CfnResource {
  readonly Type: string;
  readonly Properties?: Properties;
  readonly Metadata?: Properties;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly DependsOn?: string | readonly string[];
}

/** A template, as far as it is read here. */
export interface CfnTemplate {
  readonly Resources: Readonly<Record<string, CfnResource>>;
  readonly Outputs?: Readonly<Record<string, unknown>>;
}

/** The stage is what the logical id begins with. */
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
  if (typeof value !== 'object') return undefined;
  if (isList(value)) return value.map(refOf).find((id) => id !== undefined);
  const { Ref, 'Fn::GetAtt': getAtt } = value;
  if (typeof Ref === 'string' && !Ref.startsWith('AWS::')) return Ref;
  if (getAtt) return String(list(getAtt)[0]);
  return Object.values(value)
    .map(refOf)
    .find((id) => id !== undefined);
}

/** A value as text. A resource stands in it as `${placeholder}`, by whichever of its names it is referred to. */
export function text(value: Value): string {
  if (typeof value !== 'object') return String(value ?? '');
  const { 'Fn::Join': join, 'Fn::Sub': sub, Ref } = value as Properties;
  if (join)
    return list(list(join)[1])
      .map(text)
      .join(String(list(join)[0] ?? ''));
  if (typeof sub === 'string') return sub.replace(/(?<=\$\{\w+)\.\w+(?=\})/g, '');
  return `\${${refOf(value) ?? (typeof Ref === 'string' ? Ref : 'value')}}`;
}

export function list(value: Value): readonly Value[] {
  return value === undefined ? [] : isList(value) ? value : [value];
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}
