/**
 * A text that Terraform keeps as it is. In SQL, JavaScript or the source of a workflow, `${` is a part of the text, but Terraform
 * reads it as the start of an expression. Tokens in the text are still replaced by their values.
 * @see https://developer.hashicorp.com/terraform/language/expressions/strings#escape-sequences-1
 */
export function literal(text: string): string {
  return text.replace(/[$%](?=\{(?!TfToken\[))/g, (sign) => sign + sign);
}
