import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Terraform, type TerraformResource } from '../template/terraform';

/** What is answered to the variables of a template, as far as it has them. */
const VARIABLES = { project_id: 'local-project', prefix: 'local' };

/**
 * Read a template of Google's resources.
 * @param url where the function is called. Without it, what depends on it is not known
 */
export async function readGoogle(folder: string, url?: string): Promise<Terraform> {
  const { variable = {} } = JSON.parse(readFileSync(path.join(folder, 'cdk.tf.json'), 'utf8'));
  const answers = Object.fromEntries(Object.entries(VARIABLES).filter(([name]) => Object.hasOwn(variable, name)));
  const terraform: Terraform = await Terraform.read(folder, answers, (resource, attribute) => {
    if (resource.type === 'google_cloudfunctions2_function' && attribute === 'service_config[0].uri') return url;
    const value = COMPUTED[resource.type]?.(resource.properties)[attribute];
    return value === undefined ? undefined : terraform.evaluate(value, resource.path);
  });
  return terraform;
}

/** The attributes that Google makes of others, by the type of resource. They are templates like those they are made of. */
const COMPUTED: Readonly<Record<string, (properties: TerraformResource['properties']) => Readonly<Record<string, string>>>> = {
  google_pubsub_topic: ({ project, name }) => ({ id: `projects/${project}/topics/${name}` }),
  google_pubsub_subscription: ({ project, name }) => ({ id: `projects/${project}/subscriptions/${name}` }),
  google_artifact_registry_repository: ({ project, location, repository_id: name }) => ({
    id: `projects/${project}/locations/${location}/repositories/${name}`,
    name: String(name),
  }),
  google_service_account: ({ project, account_id }) => {
    const email = `${account_id}@${project}.iam.gserviceaccount.com`;
    const name = `projects/${project}/serviceAccounts/${email}`;
    return { id: name, name, email, member: `serviceAccount:${email}` };
  },
};
