import { Construct } from 'constructs';
import { requireOneOf, requireText, type TextRule } from '../../shared/synth/settings';
import type { Workload } from '../ports/identity';
import { canonicalGuid } from './arm-id';

/** The object id of a user, a group or a service principal, in a pattern that Terraform can check too. */
export const PRINCIPAL_ID: TextRule = {
  pattern: /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/,
  must: 'be an object id',
  remedy: 'Find it with az ad user show, az ad group show or az ad sp show.',
};

/** Settings for {@link Principal}. */
export interface PrincipalProps {
  /** The object id. For an application, it is that of its service principal, not that of its registration. */
  readonly principalId: string;
  /**
   * The type of the object id. A managed identity is a service principal.
   * @default ServicePrincipal
   */
  readonly principalType?: Workload['principalType'];
}

/**
 * Someone outside of the stack that roles are assigned to: a user, a group, the identity of a build. It creates nothing.
 * @see https://learn.microsoft.com/azure/role-based-access-control/overview#security-principal
 */
export class Principal extends Construct implements Workload {
  readonly name: string;
  readonly principalId: string;
  readonly principalType: Workload['principalType'];

  constructor(scope: Construct, id: string, props: PrincipalProps) {
    super(scope, id);
    const { principalId, principalType = 'ServicePrincipal' } = props;
    requireText(this, { principalId }, PRINCIPAL_ID);
    requireOneOf(this, { principalType }, ['User', 'Group', 'ServicePrincipal'], 'It is the type of the object id.');
    this.name = id.toLowerCase();
    this.principalId = canonicalGuid(principalId);
    this.principalType = principalType;
  }
}
