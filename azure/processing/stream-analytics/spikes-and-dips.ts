import { readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * A query that stores every event in the output `store`, and sends each spike and each dip of the number in `data.value` to the
 * output `alerts`. To change what is watched, copy the file beside this one.
 */
export const SPIKES_AND_DIPS = readFileSync(path.join(__dirname, 'spikes-and-dips.sql'), 'utf8');
