import type { Construct } from 'constructs';
import { requireText, SettingError, type TextRule } from '../../../shared/synth/settings';

const NAME: TextRule = {
  pattern: /^spark\.[\w.-]+$/,
  must: 'be named like settings of Spark',
  remedy: 'Write them like { "spark.executor.memory": "8g" }.',
};
const VALUE: TextRule = {
  pattern: /^[^\s'"]+$/,
  must: 'have no spaces and quotes',
  remedy: 'EMR Serverless reads all settings as one command line.',
};

/**
 * Refuse settings of Spark that cannot be part of a command line.
 * @throws SettingError
 */
export function requireSpark(job: Construct, spark: Readonly<Record<string, string>>) {
  if (typeof spark !== 'object' || spark === null || Array.isArray(spark)) {
    throw new SettingError(job, 'spark must be settings by their names', Array.isArray(spark) ? 'a list' : typeof spark, NAME.remedy);
  }
  for (const [name, value] of Object.entries(spark)) {
    requireText(job, { spark: name }, NAME);
    requireText(job, { [`spark["${name}"]`]: value }, VALUE);
  }
}

/** The settings as `spark-submit` takes them. Nothing if there are none. */
export function submitParameters(spark: Readonly<Record<string, string>>): string | undefined {
  const settings = Object.entries(spark).map(([name, value]) => `--conf ${name}=${value}`);
  return settings.length > 0 ? settings.join(' ') : undefined;
}
