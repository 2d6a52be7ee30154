import { BinaryAuthorizationAttestor } from '@cdktf/provider-google/lib/binary-authorization-attestor';
import { BinaryAuthorizationAttestorIamMember } from '@cdktf/provider-google/lib/binary-authorization-attestor-iam-member';
import { BinaryAuthorizationPolicy } from '@cdktf/provider-google/lib/binary-authorization-policy';
import { ContainerAnalysisNote } from '@cdktf/provider-google/lib/container-analysis-note';
import { ContainerAnalysisNoteIamMember } from '@cdktf/provider-google/lib/container-analysis-note-iam-member';
import { KmsCryptoKeyIamMember } from '@cdktf/provider-google/lib/kms-crypto-key-iam-member';
import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { keepAddress, takeName } from '../../../shared/synth/kept-name';
import { mayDestroy, type Removal } from '../../../shared/synth/settings';
import { needApis } from '../../foundation/apis';
import { type ContainerImage, type ImagePolicy, requireImage } from '../../foundation/images';
import { Propagation } from '../../foundation/propagation';
import type { Binding, Workload } from '../../ports/identity';
import type { Site } from '../../ports/site';
import { alertOnDenied } from './denied-alert';
import { securitySettings } from './security-settings';
import { SigningKey } from './signing-key';

const SIGNER =
  'An attestation is created in the project, and Google has no smaller role that creates one. This role can also change and delete ' +
  'attestations and results of scans in the project. Nobody can forge a signature with it.';

/** Settings for {@link ContainerSecurity}. */
export interface ContainerSecurityProps {
  /** The project whose policy it is, the region of the key, and the prefix of the names. */
  readonly site: Site;
  /**
   * The end of the names of the key ring, the note and the attestor: 1 to 20 lower-case letters and digits. A change is a replacement,
   * which fails unless `removal: 'destroy'` and `destroyData` are set. The name of a key ring stays taken forever.
   * @default signed
   */
  readonly name?: string;
  /**
   * Whether an image without a valid attestation is refused. With `false`, it starts, and the alert fires: a dry run.
   * @default false
   */
  readonly enforce?: boolean;
  /**
   * Images that need no attestation, such as `us-docker.pkg.dev/cloudrun/container/**`. `*` stands for names in one folder, and `**`
   * for all folders below it. Whoever may push there decides what runs.
   * @default - only system images of Google
   */
  readonly allowPatterns?: readonly string[];
  /**
   * The id of an existing Cloud KMS key for asymmetric signing.
   * @default - a new key, for elliptic curves (P-256, SHA-256)
   */
  readonly signingKey?: string;
  /**
   * The versions of the key whose signatures are accepted. The last one signs. To change the key, create a version with `gcloud kms keys
   * versions create`, add its number, sign what runs again, and leave the old number out.
   * @default - the first version
   */
  readonly keyVersions?: readonly number[];
  /**
   * The ids of the notification channels that the alert notifies.
   * @default - the alert opens an incident without a notification
   */
  readonly notify?: readonly string[];
  /**
   * What happens when the stack is deleted. With `retain`, `terraform destroy` fails. `destroy` also requires the context
   * `destroyData`: every image is allowed then, and the key is destroyed after 30 days.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Containerization stage: the Binary Authorization policy of the project, by which only images start that your build has signed, with
 * a key in Cloud KMS that never leaves it.
 *
 * A project has one policy. The first apply overwrites the policy that is there, and a destroy allows every image again. Save the old
 * one first: `gcloud container binauthz policy export`. Have this construct in one stack of a project only.
 *
 * It is a dry run until you set `enforce`: sign what runs, wait until the alert is silent, then enforce. Sign an image after its push,
 * by its digest: `gcloud beta container binauthz attestations sign-and-create --project=acme-data
 * --artifact-url=europe-west1-docker.pkg.dev/acme-data/acme-images/orders@sha256:... --attestor=projects/acme-data/attestors/acme-signed
 * --keyversion=projects/acme-data/locations/europe-west1/keyRings/acme-signed/cryptoKeys/signer/cryptoKeyVersions/1`. `signCommand`
 * returns this command with the values of the stack.
 *
 * Only what asks for it is checked: `CloudRunProcessor`, `CloudRunJob`, `CloudRunWorkerPool` and `DeviceGateway` with
 * `binaryAuthorization`. To have all of Cloud Run checked, set the
 * organization policy `run.allowedBinaryAuthorizationPolicies`. It does not look into images: `scan` of `ArtifactRegistry` does. What
 * runs already is not checked again, and a change of the policy takes some minutes. In an emergency, `gcloud run services update
 * --breakglass` starts an image once, and the alert fires.
 *
 * Idle it costs about 20 cents a month, for the key and the alert. A deploy changes every setting in place but the name, the region and
 * the key.
 * @see https://cloud.google.com/binary-authorization/docs/run/overview
 * @see https://cloud.google.com/sdk/gcloud/reference/beta/container/binauthz/attestations/sign-and-create
 */
export class ContainerSecurity extends Construct implements ImagePolicy {
  /** The key that signs, and its public keys. */
  readonly signingKey: SigningKey;
  /** The attestor: who must have signed an image. */
  readonly attestor: BinaryAuthorizationAttestor;
  /** The note in Artifact Analysis that attestations are attached to. */
  readonly note: ContainerAnalysisNote;
  /** The policy, for anything this construct does not cover. */
  readonly policy: BinaryAuthorizationPolicy;
  readonly waitFor: readonly ITerraformDependable[];

  private readonly project: string;
  private readonly keyVersion: string;

  constructor(scope: Construct, id: string, props: ContainerSecurityProps) {
    super(scope, id);
    const { site } = props;
    const { name, enforce, allowPatterns, keyVersions, notify } = securitySettings(this, props);
    const lifecycle = mayDestroy(this, props.removal) ? undefined : { preventDestroy: true };
    takeName(this, 'project with a policy of images', site.project, [], 'A project has one policy: add allowPatterns there.');
    needApis(this, 'binaryauthorization', 'cloudkms', 'containeranalysis', 'logging', 'monitoring');
    const { project } = site;
    this.project = project;
    const named = `${site.prefix}-${name}`;

    this.signingKey = new SigningKey(this, 'Key', { site, name, signingKey: props.signingKey, versions: keyVersions, lifecycle });
    this.keyVersion = `${this.signingKey.keyId}/cryptoKeyVersions/${keyVersions.at(-1)}`;
    this.note = new ContainerAnalysisNote(this, 'Note', {
      project,
      name: named,
      attestationAuthority: { hint: { humanReadableName: named } },
      dependsOn: [...site.waitFor],
      lifecycle,
    });
    keepAddress(this.note, name);
    this.attestor = new BinaryAuthorizationAttestor(this, 'Attestor', {
      project,
      name: named,
      attestationAuthorityNote: { noteReference: this.note.id, publicKeys: [...this.signingKey.publicKeys] },
      lifecycle,
    });
    keepAddress(this.attestor, name);
    this.policy = new BinaryAuthorizationPolicy(this, 'Policy', {
      project,
      // Google keeps a list of its own system images.
      globalPolicyEvaluationMode: 'ENABLE',
      admissionWhitelistPatterns: allowPatterns?.map((namePattern) => ({ namePattern })),
      defaultAdmissionRule: {
        evaluationMode: 'REQUIRE_ATTESTATION',
        enforcementMode: enforce ? 'ENFORCED_BLOCK_AND_AUDIT_LOG' : 'DRYRUN_AUDIT_LOG_ONLY',
        requireAttestationsBy: [this.attestor.id],
      },
      lifecycle,
    });
    keepAddress(this.policy, name);
    this.waitFor = [new Propagation(this, 'Propagation', [this.policy])];
    alertOnDenied(this, { project: this.policy.project, name: named, notify });
  }

  /** The command that signs an image. Whoever runs it needs the roles of a signer. */
  signCommand(image: ContainerImage): string {
    requireImage(this, image);
    const { repository, digest } = image;
    return [
      'gcloud beta container binauthz attestations sign-and-create',
      `--project=${this.project}`,
      `--artifact-url=${repository}@${digest}`,
      `--attestor=${this.attestor.id}`,
      `--keyversion=${this.keyVersion}`,
    ].join(' ');
  }

  /**
   * Allow `signer` to sign images, such as the service account of your build. Do not give it to who deploys, unless you trust both
   * alike: a signer decides what may start.
   */
  bindSigner(signer: Workload, name: string): Binding {
    const who = { member: signer.member, forEach: signer.forEach };
    const key = { cryptoKeyId: this.signingKey.keyId, role: 'roles/cloudkms.signerVerifier', ...who };
    const note = { note: this.note.id, role: 'roles/containeranalysis.notes.attacher', ...who };
    const attestor = { attestor: this.attestor.id, role: 'roles/binaryauthorization.attestorsViewer', ...who };
    const created = new ProjectIamMember(signer, `${name}Attestations`, {
      project: this.project,
      role: 'roles/containeranalysis.occurrences.editor',
      ...who,
      dependsOn: [this.note],
    });
    acknowledge(created, { 'least-privilege': SIGNER });
    return {
      settings: { [`${name}_ATTESTOR`]: this.attestor.id, [`${name}_KEY_VERSION`]: this.keyVersion },
      waitFor: [
        new KmsCryptoKeyIamMember(signer, `${name}Key`, key),
        new ContainerAnalysisNoteIamMember(signer, `${name}Note`, note),
        new BinaryAuthorizationAttestorIamMember(signer, `${name}Attestor`, attestor),
        created,
      ],
    };
  }
}
