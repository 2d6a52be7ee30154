/** An event for a person to send, as text that stands in single quotes of a shell. */
export function eventByHand(): string {
  const event = { specversion: '1.0', id: 'mine-1', source: '/by/hand', type: 'com.example.press.heated' };
  return JSON.stringify({ ...event, time: new Date().toISOString(), data: { celsius: 180 } });
}
