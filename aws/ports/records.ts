import type { IEventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { IDependable } from 'constructs';
import type { Delivery } from './delivery';
import type { Binding, FunctionWorkload, RuleWorkload, Workload } from './identity';

/** The place for records that cannot be processed. */
export interface DeadLetter {
  /** Allow `writer` to add to the dead letter, and nothing else. */
  bindWriter(writer: Workload, name: string): Binding;
}

/** The parts of a record, as expressions in the template language of a service, such as a mapping template of API Gateway. */
export interface RecordTemplate {
  /** An expression that yields the event as it was sent. */
  readonly text: string;
  /** An expression that yields the event in base64. */
  readonly dataBase64: string;
  /** An expression that yields the partition key as a JSON string, quotes included. */
  readonly partitionKeyJson: string;
}

/** A request to an AWS API that puts one record. */
export interface PutRecordRequest {
  readonly service: string;
  readonly action: string;
  readonly contentType: string;
  /** The body of the request, with the expressions of the record in it. */
  readonly body: string;
  /**
   * A value whose change must deploy the API again, such as the name of a new stream. The CDK does not detect that the target
   * of the API was replaced (aws/aws-cdk#33719).
   * @default - the API is deployed again only if its own template changes
   */
  readonly madeFrom?: string;
  /** The name of the field in the response to the sender that identifies the record, such as `SequenceNumber`. */
  readonly receipt: string;
  /**
   * The JSON path of the receipt in the response of the service.
   * @default - the top-level field with the name of the receipt
   */
  readonly receiptPath?: string;
  /**
   * The JSON path of the error name in the response of the service.
   * @default $.__type
   */
  readonly errorPath?: string;
  /**
   * A condition in the template language that is true if a response with the status 200 reports a failure.
   * @default - a response with the status 200 reports success
   */
  readonly failedWhen?: string;
  /** The HTTP status for each error of the service. Any other error is a 500. */
  readonly statusOfError: Readonly<Record<string, 413 | 429>>;
  /** The permissions. If they do not exist before the API, its first requests are denied. */
  readonly waitFor: readonly IDependable[];
}

/** The target of a rule of EventBridge that puts one record for each event. */
export interface RuleTarget {
  readonly arn: string;
  /** Whether EventBridge writes with the role of the rule. If not, the policy of the target allows the rule. */
  readonly usesRole: boolean;
  /** Whether the target takes a partition key, which the rule then reads from the event. */
  readonly takesPartitionKey: boolean;
  /** The permissions. If they do not exist before the rule, the first events are retried. */
  readonly waitFor: readonly IDependable[];
}

/** The input of a buffer. */
export interface RecordSink {
  /** Allow `writer` to put records, and nothing else. */
  bindWriter(writer: Workload, name: string): Binding;
  /**
   * Allow a service to put records without code, with one API action and no other.
   * @throws SettingError on a buffer that has no API action to put a record
   */
  bindRequest(writer: Workload, record: RecordTemplate): PutRecordRequest;
  /**
   * Allow a rule of EventBridge to put one record for each event, and nothing else.
   * @throws SettingError on a buffer that is not a target of EventBridge
   */
  bindRule(rule: RuleWorkload): RuleTarget;
}

/** The output of a buffer. */
export interface RecordSource {
  /** The format of the records that a handler gets: the name of a file in `runtime/sources`. */
  readonly format: string;
  /** The place for records that cannot be processed. */
  readonly deadLetter: DeadLetter;
  /**
   * Deliver batches to `target`, and retry failed batches a limited number of times or for a limited time. Records that cannot
   * be processed go to the dead letter.
   * @returns the event source mapping
   * @throws SettingError on a setting of `delivery` that has no meaning for this source, and on too many readers
   */
  deliverTo(target: FunctionWorkload, delivery?: Delivery): IEventSourceMapping;
  /**
   * Allow `reader` to read what the records only name, such as objects, and nothing else.
   * @default - a record has its content in it
   */
  readonly bindContent?: (reader: Workload, name: string) => Binding;
  /** Allow `reader` to pull records itself: a container, a virtual machine, a Spark job. */
  bindReader(reader: Workload, name: string): Binding;
}
