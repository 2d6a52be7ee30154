import { Fn, TerraformVariable } from 'cdktf';
import type { Construct } from 'constructs';
import type { TextRule } from './settings';

/** How a text is asked for. */
export interface Question {
  /** What the text is for. */
  readonly description: string;
  /**
   * The text where nobody answers. A refusal names it as the example.
   * @default - somebody must answer
   */
  readonly default?: string;
}

/**
 * Ask whoever applies a stack for a text. It becomes a variable of Terraform, which refuses at plan what breaks the rule.
 * @returns the text, which is known only at deploy
 */
export function ask(scope: Construct, name: string, { pattern, must }: TextRule, question: Question): string {
  const variable = new TerraformVariable(scope, name, { type: 'string', nullable: false, ...question });
  const example = question.default === undefined ? '' : `, such as ${question.default}`;
  variable.addValidation({
    condition: Fn.can(Fn.regex(pattern.source, variable.stringValue)),
    errorMessage: `The ${name} must ${must}${example}.`,
  });
  return variable.stringValue;
}
