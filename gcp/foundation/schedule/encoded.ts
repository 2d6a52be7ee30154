import { Lazy, Token } from 'cdktf';
import { literal } from '../../../shared/synth/literal';

/** An expression of Terraform in a text, such as `${var.prefix}`. */
const EXPRESSION = /(?<!\$)(\$\{[^}]*\})/;

/**
 * A text in base64. Terraform encodes one that has values which are known only at deploy.
 *
 * The functions of CDKTF do not take a text with values in it: they warn, and in an expression that is written by hand, CDKTF replaces a
 * value by its reference without braces. So the expression is written when all references are known.
 */
export function encoded(text: string): string {
  if (!Token.isUnresolved(text)) return Buffer.from(text).toString('base64');
  return Lazy.stringValue({
    produce: (context) => {
      const known = String(context.resolve(literal(text)));
      const parts = known.split(EXPRESSION).map((part, index) => (index % 2 === 1 ? part : JSON.stringify(part).slice(1, -1)));
      return `\${base64encode("${parts.join('')}")}`;
    },
  });
}
