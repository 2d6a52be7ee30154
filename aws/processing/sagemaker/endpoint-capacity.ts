import { CfnScalableTarget, CfnScalingPolicy } from 'aws-cdk-lib/aws-applicationautoscaling';
import type { CfnEndpoint, CfnEndpointConfig } from 'aws-cdk-lib/aws-sagemaker';
import type { Construct } from 'constructs';
import type { Capacity } from './endpoint-settings';

/** The name of the only variant of an endpoint. */
export const VARIANT = 'All';

/** The variant of an endpoint with a capacity. */
export function variantOf(capacity: Capacity, modelName: string): CfnEndpointConfig.ProductionVariantProperty {
  const variant = { variantName: VARIANT, modelName, initialVariantWeight: 1 };
  if (capacity.kind === 'instances') return { ...variant, instanceType: capacity.type, initialInstanceCount: capacity.min };
  return { ...variant, serverlessConfig: { memorySizeInMb: capacity.memoryMiB, maxConcurrency: capacity.maxConcurrency } };
}

/**
 * Add and remove instances by the number of requests. Application Auto Scaling does it with its service-linked role, which the
 * first target of an account creates.
 * @see https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling.html
 */
export function scale(scope: Construct, endpoint: CfnEndpoint, { min, max, requestsPerMinute }: Capacity & { readonly kind: 'instances' }) {
  const target = new CfnScalableTarget(scope, 'Scaling', {
    serviceNamespace: 'sagemaker',
    scalableDimension: 'sagemaker:variant:DesiredInstanceCount',
    resourceId: `endpoint/${endpoint.attrEndpointName}/variant/${VARIANT}`,
    minCapacity: min,
    maxCapacity: max,
  });
  new CfnScalingPolicy(scope, 'ScalingPolicy', {
    policyName: 'requests',
    policyType: 'TargetTrackingScaling',
    scalingTargetId: target.ref,
    targetTrackingScalingPolicyConfiguration: {
      predefinedMetricSpecification: { predefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
      targetValue: requestsPerMinute,
      scaleOutCooldown: 60,
      scaleInCooldown: 300,
    },
  });
}
