import { RefusedError } from '../../platform';
import type { Registration } from './functions-app';

type Settings = Readonly<Record<string, string>>;

/** What every trigger has, as the app registered it, with the values of app settings. */
export interface Trigger {
  /** The name of the function. */
  readonly name: string;
  /** The name of the input binding of the trigger. */
  readonly input: string;
  readonly registered: Registration;
  /** The identity that reads. */
  readonly clientId: string;
  /** The app setting of the connection that ends so: `__fullyQualifiedNamespace`. */
  connection(ending: string): string;
  /** A property of the binding, with the values of app settings for `%NAME%`. */
  property(name: string, otherwise?: string): string;
  refuse(property: string, why: string): RefusedError;
}

/** What a trigger must be, and the properties that its host reads. */
export interface TriggerRule {
  /** Properties with the only value that is emulated. */
  readonly expected: Readonly<Record<string, string | boolean>>;
  readonly known: readonly string[];
}

/**
 * Read the trigger of the only function of an app.
 * @throws RefusedError if it is not emulated
 */
export function readTrigger(functions: readonly Registration[], settings: Settings, { expected, known }: TriggerRule): Trigger {
  const [registered, ...others] = functions;
  if (!registered || others.length > 0)
    throw new RefusedError('the function app', `it registers ${functions.length} functions, and one is emulated`);
  const { name, bindings } = registered;
  const [[input, binding], ...more] = Object.entries(bindings) as [[string, Registration['bindings'][string]], ...unknown[]];
  const refuse = (property: string, why: string) => new RefusedError(`function ${name}, ${property}`, why);
  if (more.length > 0) throw refuse('bindings', `${Object.keys(bindings).join(' and ')}: only a trigger is emulated`);

  for (const [property, value] of Object.entries({ ...expected, direction: 'in' }))
    if (binding[property] !== value) throw refuse(property, `${String(binding[property])} is not emulated, ${value} is`);
  const { supportsDeferredBinding } = (binding.properties ?? {}) as Readonly<Record<string, unknown>>;
  if (supportsDeferredBinding === 'true') throw refuse('sdkBinding', 'bindings to clients of the SDK are not emulated');
  const read = ['name', 'direction', 'properties', 'connection', ...Object.keys(expected), ...known];
  for (const property of Object.keys(binding)) if (!read.includes(property)) throw refuse(property, 'it is not known to the emulation');

  const setting = (key: string) => {
    const value = settings[key];
    if (!value) throw refuse('settings', `the app has no setting ${key}, which its trigger needs`);
    return value;
  };
  const prefix = String(binding.connection);
  if (settings[prefix]) throw refuse('connection', `${prefix} is a connection string, and only an identity is emulated`);
  const credential = setting(`${prefix}__credential`);
  if (credential !== 'managedidentity') throw refuse('connection', `the credential ${credential} is not emulated, managedidentity is`);
  return {
    name,
    input,
    registered,
    clientId: setting(`${prefix}__clientId`),
    connection: (ending) => setting(`${prefix}${ending}`),
    property: (property, otherwise) => String(binding[property] ?? otherwise).replace(/%([^%]+)%/g, (_, key: string) => setting(key)),
    refuse,
  };
}
