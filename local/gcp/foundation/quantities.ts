const MIB: Readonly<Record<string, number>> = {
  Ki: 1 / 1024,
  Mi: 1,
  Gi: 1024,
  K: 1000 / 1024 ** 2,
  M: 1000 ** 2 / 1024 ** 2,
  G: 1000 ** 3 / 1024 ** 2,
};

/** An amount of memory such as `512Mi`, in MiB. Other values are `undefined`. */
export function memoryMiB(value: unknown): number | undefined {
  const [, amount, unit] = /^(\d+)([KMG]i?)$/.exec(String(value)) ?? [];
  return unit === undefined ? undefined : Math.floor(Number(amount) * MIB[unit]!);
}

/** A time such as `10s`, in milliseconds. Other values are `undefined`. */
export function milliseconds(value: unknown): number | undefined {
  const [, amount] = /^(\d+(?:\.\d+)?)s$/.exec(String(value)) ?? [];
  return amount === undefined ? undefined : Number(amount) * 1000;
}
