/** An example event for the printed `curl` command, as text for single quotes in a shell. */
export function eventByHand(): string {
  const event = { specversion: '1.0', id: 'mine-1', source: '/by/hand', type: 'com.example.press.heated' };
  return JSON.stringify({ ...event, time: new Date().toISOString(), data: { celsius: 180 } });
}
