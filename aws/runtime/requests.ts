/** How long clients wait. A service that stalls must fail while the function still lives, so that the records come again. */
export const requestHandler = { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true };
