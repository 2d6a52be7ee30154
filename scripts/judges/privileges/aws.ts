import { type CfnStack, conditionsOf, text } from '../../../shared/read/cfn';
import { type Grant, grantsOf } from '../../../shared/read/cfn-grants';
import { factsOf } from '../../../shared/read/facts/find';
import { type Comparison, fits, type Held } from './compare';
import { needsOf } from './needs';

/** What a template gives to each identity, and what the work of each takes. */
export function compareAws(stack: CfnStack): Comparison & { readonly forbidden: readonly Grant[] } {
  const grants = grantsOf(stack);
  return {
    held: grants.filter(({ denied }) => !denied).flatMap(heldBy),
    needs: needsOf(stack, factsOf('aws')),
    reaches: (given, needed) => fits(given, needed),
    forbidden: grants.filter(({ denied, conditions }) => denied && !conditions.some(({ test, value }) => spares(test, text(value)))),
  };
}

/** Our clients all speak TLS, and none of an old version, so what is forbidden without it is forbidden to none of them. */
function spares(test: string, value: string): boolean {
  return (test === 'Bool aws:SecureTransport' && value === 'false') || (test === 'NumericLessThan s3:TlsVersion' && Number(value) <= 1.2);
}

function heldBy({ holder: who, actions, on, conditions, at }: Grant): Held[] {
  const only = conditionsOf(conditions.map(({ test, value }) => `${test} ${text(value)}`));
  return actions.flatMap((may) => on.map((resource) => ({ who, may, on: resource, only, at })));
}
