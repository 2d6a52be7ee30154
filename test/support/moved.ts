import type { TerraformStack } from 'cdktf';
import { Construct } from 'constructs';
import fc from 'fast-check';

/** Where constructs stand, and how they are called. */
export interface Place {
  readonly scope: Construct;
  /** What the ids of the constructs end in. */
  readonly ending: string;
}

const ID = fc.stringMatching(/^X[A-Za-z0-9-]{0,6}$/);

/** Hold something for constructs at any place in a stack, with any ids. */
export function anywhere(holds: (place: (stack: TerraformStack) => Place) => void) {
  fc.assert(
    fc.property(fc.array(ID, { maxLength: 3 }), fc.stringMatching(/^\w{0,4}$/), (path, ending) =>
      holds((stack) => ({ scope: path.reduce<Construct>((scope, id) => new Construct(scope, id), stack), ending })),
    ),
    { numRuns: 15 },
  );
}
