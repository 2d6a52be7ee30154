/** The maximum number of retries that a queue accepts. */
export const MOST_RETRIES = 20;
