import { promised } from '../../../shared/read/facts/promise';
import type { Promised } from '../../../shared/read/facts/types';
import type { Edit } from '../../../shared/read/facts/weaken';
import type { Asked } from '../../../shared/read/stack';

/** What code that runs the handler `device-https-to-pub-sub` is set to. */
interface Checking {
  /** The environment variables of the code. */
  readonly settingsOf: (resource: Asked) => Readonly<Record<string, string>>;
  /** Sets one of them to another value. */
  readonly setVariable: (variable: string, value: string) => Edit;
  /** The `aud` that only this resource accepts. */
  readonly audienceOf: (resource: Asked) => string;
  readonly mebibytes: (resource: Asked) => number;
}

/** What the code asks of a caller. */
export const TOKEN = 'the token is signed by a key in the registry';

/** The handler checks the tokens of devices, and limits what they take. */
export function checksDevices({ settingsOf, setVariable, audienceOf, mebibytes }: Checking): readonly Promised[] {
  return [
    promised(
      'known-callers',
      'accept only tokens for this very gateway, for a day at most',
      (gateway) => {
        const { DEVICE_AUDIENCE, DEVICE_TOKEN_SECONDS } = settingsOf(gateway);
        return DEVICE_AUDIENCE === audienceOf(gateway) && Number(DEVICE_TOKEN_SECONDS) >= 60 && Number(DEVICE_TOKEN_SECONDS) <= 86_400;
      },
      {
        'it accepts tokens for another gateway': setVariable('DEVICE_AUDIENCE', 'https://example.com'),
        'a token is valid for a year': setVariable('DEVICE_TOKEN_SECONDS', '31536000'),
      },
    ),
    promised(
      'known-callers',
      'forget the key of a device within an hour, so that a disabled device is refused',
      (gateway) => Number(settingsOf(gateway).DEVICE_KEY_SECONDS) <= 3600,
      { 'a disabled device is accepted for a month': setVariable('DEVICE_KEY_SECONDS', '2592000') },
    ),
    promised(
      'bounded-memory',
      'take no more bodies at a time than a 128th of its memory, because many small objects grow 40 times',
      (gateway) => Number(settingsOf(gateway).DEVICE_OPEN_BYTES) <= (mebibytes(gateway) * 2 ** 20) / 128,
      { 'open requests take all of its memory': setVariable('DEVICE_OPEN_BYTES', '10000000000') },
    ),
  ];
}
