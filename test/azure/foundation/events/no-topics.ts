/** What is no system topic. */
export const NO_TOPICS = [
  '',
  5,
  true,
  [],
  {},
  { id: 'acme' },
  { id: 'acme', identity: null },
  { id: 'acme', identity: {} },
  { id: '/subscriptions/s/resourceGroups/g/providers/Microsoft.EventGrid/topics/acme', identity: {} },
  { id: '/subscriptions/s/resourceGroups/g/providers/Microsoft.EventGrid/systemTopics/acme', identity: { id: 'acme', principalId: 'p' } },
  {
    id: '/subscriptions/s/resourceGroups/g/providers/Microsoft.EventGrid/systemTopics/acme',
    identity: {
      id: '/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/acme',
      principalId: 'acme',
    },
  },
];
