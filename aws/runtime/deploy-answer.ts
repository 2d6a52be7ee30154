import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { inOneLine } from '../../shared/runtime/verdict';

/**
 * Do what CloudFormation asks a custom resource for, and send it the result. It waits for an answer, so a failure is one too.
 * @param resource the physical id of the resource. Another one at an update makes CloudFormation delete the old resource
 * @throws Error if CloudFormation does not accept the answer: Lambda then calls the function again
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
 */
export async function answerDeploy(event: CloudFormationCustomResourceEvent, resource: string, work: () => Promise<void>): Promise<void> {
  const { RequestType, ResponseURL, StackId, RequestId, LogicalResourceId } = event;
  const result = await work().then(
    () => ({ Status: 'SUCCESS' }),
    (error: unknown) => {
      console.error({ message: 'The request failed.', RequestType, resource, error });
      return { Status: 'FAILED', Reason: inOneLine(error) };
    },
  );
  const body = JSON.stringify({ ...result, PhysicalResourceId: resource, StackId, RequestId, LogicalResourceId });
  // The address is signed for an empty content type.
  const { ok, status } = await fetch(ResponseURL, { method: 'PUT', body, headers: { 'content-type': '' } });
  if (!ok) throw new Error(`CloudFormation did not accept the response: ${status}`);
}
