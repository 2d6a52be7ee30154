import { differences } from '../../../shared/read/differences';

test('equal changes are told once, with all that have them', () => {
  const kept = { Policy: 'Retain', Size: 1 };
  expect(differences({ a: kept, b: kept, c: kept }, { a: { ...kept, Policy: 'Delete' }, b: { Policy: 'Delete' }, c: kept })).toEqual([
    { what: 'Policy: Retain -> Delete', where: ['a', 'b'] },
    { what: 'Size: 1 -> not set', where: ['b'] },
  ]);
});

test('what only one of both has is told by its id', () => {
  expect(differences({ a: {}, b: {} }, { b: {}, c: {} })).toEqual([
    { what: 'removed', where: ['a'] },
    { what: 'added', where: ['c'] },
  ]);
});

test('lists of one length are compared in their order, others by what only one has, however long it is', () => {
  const tags = [{ Key: 'a' }, { Key: 'b' }];
  expect(differences({ a: { Tags: tags, Ports: [1, 2] } }, { a: { Tags: [...tags, { Key: 'c'.repeat(90) }], Ports: [1, 3] } })).toEqual([
    { what: `Tags: not in the list -> {"Key":"${'c'.repeat(71)}…`, where: ['a'] },
    { what: 'Ports.1: 2 -> 3', where: ['a'] },
  ]);
});
