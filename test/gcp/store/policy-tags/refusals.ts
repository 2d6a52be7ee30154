import type { TerraformStack } from 'cdktf';
import { PolicyTags } from '../../../../gcp/store/policy-tags/policy-tags';
import type { Refusals } from '../../../support/refusals';
import { site } from '../../stand-ins';

const TAGS = [
  ...['', 'x', 5, null, {}, [], { '': {} }, { 'my-tag': {} }, { a: null }, { a: 5 }],
  ...[{ description: '' }, { description: 'two\nlines' }, { description: 5 }].map((a) => ({ a })),
  ...[{ readers: 'x' }, { readers: ['x'] }, { readers: ['allUsers'] }, { readers: [5] }].map((a) => ({ a })),
  ...[{ masking: '' }, { masking: 'HASH' }, { masking: 5 }, { masking: null }].map((a) => ({ a })),
  ...[{ maskedReaders: ['group:a@example.com'] }, { masking: 'SHA256', maskedReaders: ['x'] }].map((a) => ({ a })),
];

export const refusals = (terraform: TerraformStack): Refusals => ({
  constructs: {
    PolicyTags: {
      settings: { site: 'neighbour', tags: TAGS, name: 'text', notify: 'texts', removal: 'choice' },
      make: (id, props) => new PolicyTags(terraform, id, { site, tags: { personal: {} }, ...props }),
    },
  },
});
