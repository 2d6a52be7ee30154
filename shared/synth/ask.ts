import { Fn, TerraformVariable } from 'cdktf';
import type { Construct } from 'constructs';
import type { TextRule } from './settings';

/** The description and the default of a Terraform variable. */
export interface Question {
  /** What the value is for. */
  readonly description: string;
  /**
   * The value if none is given. The error message shows it as an example.
   * @default - the variable is required
   */
  readonly default?: string;
  /**
   * Whether plans hide the value. It is in the state in clear text.
   * @default false
   */
  readonly sensitive?: boolean;
}

/**
 * Add a Terraform variable of type string to a stack. Terraform checks its value against the rule during plan.
 * @returns the value, as a token that is resolved at deploy
 */
export function ask(scope: Construct, name: string, { pattern, must }: TextRule, question: Question): string {
  const variable = new TerraformVariable(scope, name, { type: 'string', nullable: false, ...question });
  const example = question.default === undefined ? '' : `, such as ${question.default}`;
  variable.addValidation({
    // JavaScript escapes a slash, which Terraform refuses.
    condition: Fn.can(Fn.regex(pattern.source.replaceAll('\\/', '/'), variable.stringValue)),
    errorMessage: `The ${name} must ${must}${example}.`,
  });
  return variable.stringValue;
}
