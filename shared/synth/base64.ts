const TOKEN = /(\$\{TfToken\[[^\]]+\]\})/;

/**
 * A text in base64. If a part of it is known only at deploy, it is an expression, and Terraform encodes the text. The functions of CDKTF cannot
 * do it: they refuse quotes, and `Fn.rawString` breaks the tokens in a text.
 */
export function base64(text: string): string {
  const parts = text.split(TOKEN).filter((part) => part !== '');
  if (!parts.some((part) => TOKEN.test(part))) return Buffer.from(text).toString('base64');
  return `\${base64encode(join("", [${parts.map((part) => (TOKEN.test(part) ? part : quoted(part))).join(', ')}]))}`;
}

/** A text in an expression. A brace that is not escaped would be read as the end of the expression, or as the start of another one. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/[{}]/g, (brace) => (brace === '{' ? '\\u007b' : '\\u007d'));
}
