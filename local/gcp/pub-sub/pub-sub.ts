import path from 'node:path';
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { Pace } from '../../pace';
import { bindLoopback } from '../foundation/grpc';
import { ApiError, type Broker } from './broker';
import type { Message } from './message';
import type { Delivery, Subscription, SubscriptionSettings } from './subscription';

/** The proto file of the service, from the client library. */
const PROTO = 'google/pubsub/v1/pubsub.proto';
const PROTO_FOLDERS = ['@google-cloud/pubsub', 'google-gax'].map((name) => path.join(path.dirname(require.resolve(name)), '../protos'));

/** How long `pull` waits for a message, and how many messages one answer can have. */
const PULL = { wait: 90_000, messages: 1000 };

interface Request {
  readonly topic: string;
  readonly subscription: string;
  readonly messages: readonly Message[];
  readonly maxMessages: number;
  readonly returnImmediately: boolean;
  readonly ackIds: readonly string[];
  readonly ackDeadlineSeconds: number;
}

interface StreamRequest {
  readonly subscription: string;
  readonly streamAckDeadlineSeconds: number;
  readonly maxOutstandingMessages: string;
  readonly ackIds: readonly string[];
  readonly modifyDeadlineAckIds: readonly string[];
  readonly modifyDeadlineSeconds: readonly number[];
}

/**
 * The gRPC API of Pub/Sub for the official client. Topics and subscriptions are those of the broker: a call that would create
 * another one is answered with UNIMPLEMENTED.
 */
export class PubSubServer {
  private constructor(
    private readonly server: Server,
    /** Such as `127.0.0.1:8085`. */
    readonly address: string,
  ) {}

  static async start(broker: Broker, pace: Pace): Promise<PubSubServer> {
    // A request may have 10 MB plus overhead. The broker refuses larger requests.
    const server = new Server({ 'grpc.max_receive_message_length': 64 * 1024 * 1024, 'grpc.max_send_message_length': 64 * 1024 * 1024 });
    const wire = loadSync(PROTO, { includeDirs: PROTO_FOLDERS, longs: String, enums: String, defaults: true, oneofs: true });
    for (const [name, methods] of Object.entries(methodsOf(broker, pace))) {
      server.addService(wire[`google.pubsub.v1.${name}`] as ServiceDefinition, methods);
    }
    return new PubSubServer(server, await bindLoopback(server, ServerCredentials.createInsecure()));
  }

  stop() {
    this.server.forceShutdown();
  }
}

function methodsOf(broker: Broker, pace: Pace) {
  return {
    Publisher: {
      publish: unary(({ topic, messages }) => ({ messageIds: broker.publish(topic, messages) })),
      getTopic: unary(({ topic }) => ({ name: broker.requireTopic(topic) })),
    },
    Subscriber: {
      getSubscription: unary(({ subscription }) => described(broker.subscription(subscription).settings)),
      pull: unary(async ({ subscription, maxMessages, returnImmediately }) => {
        const from = broker.subscription(subscription);
        const take = () => from.take(Math.min(maxMessages, PULL.messages), from.settings.ackDeadline);
        let taken = take();
        if (taken.length === 0 && !returnImmediately) {
          await becomesReady(from, pace.scaled(PULL.wait));
          taken = take();
        }
        return { receivedMessages: taken.map((delivery) => received(delivery, from)) };
      }),
      acknowledge: unary(({ subscription, ackIds }) => {
        const from = broker.subscription(subscription);
        for (const ackId of ackIds) from.acknowledge(ackId);
        return {};
      }),
      modifyAckDeadline: unary(({ subscription, ackIds, ackDeadlineSeconds }) => {
        const from = broker.subscription(subscription);
        for (const ackId of ackIds) from.modifyDeadline(ackId, ackDeadlineSeconds * 1000);
        return {};
      }),
      streamingPull: (stream: ServerDuplexStream<StreamRequest, object>) => streamingPull(broker, stream),
    },
  };
}

function streamingPull(broker: Broker, stream: ServerDuplexStream<StreamRequest, object>) {
  let from: Subscription | undefined;
  let forget = () => {};
  let deadline = 0;
  let most = Number.POSITIVE_INFINITY;
  const outstanding = new Set<string>();
  const pump = () => {
    if (!from) return;
    for (const ackId of outstanding) if (!from.isOut(ackId)) outstanding.delete(ackId);
    const taken = from.take(Math.min(most - outstanding.size, PULL.messages), deadline);
    if (taken.length === 0) return;
    for (const { ackId } of taken) outstanding.add(ackId);
    const properties = { exactlyOnceDeliveryEnabled: false, messageOrderingEnabled: from.settings.ordered ?? false };
    stream.write({ receivedMessages: taken.map((delivery) => received(delivery, from!)), subscriptionProperties: properties });
  };
  stream.on('data', (request: StreamRequest) => {
    try {
      if (!from) {
        from = broker.subscription(request.subscription);
        forget = from.onChange(pump);
        most = Number(request.maxOutstandingMessages) || most;
      }
      deadline = request.streamAckDeadlineSeconds * 1000 || deadline;
      for (const ackId of request.ackIds) from.acknowledge(ackId);
      request.modifyDeadlineAckIds.forEach((ackId, index) => {
        from!.modifyDeadline(ackId, request.modifyDeadlineSeconds[index]! * 1000);
      });
      pump();
    } catch (error) {
      stream.emit('error', status(error));
    }
  });
  for (const end of ['end', 'close', 'cancelled', 'error']) stream.on(end, () => forget());
  stream.on('end', () => stream.end());
}

function becomesReady(subscription: Subscription, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      forget();
      clearTimeout(timer);
      resolve();
    };
    const forget = subscription.onChange(done);
    const timer = setTimeout(done, milliseconds).unref();
  });
}

function received({ message, attempt, ackId }: Delivery, { settings }: Subscription) {
  const milliseconds = message.publishTime.getTime();
  return {
    ackId,
    deliveryAttempt: settings.deadLetter ? attempt : 0,
    message: { ...message, publishTime: { seconds: Math.floor(milliseconds / 1000), nanos: (milliseconds % 1000) * 1e6 } },
  };
}

function described({ name, topic, ackDeadline, ordered, deadLetter }: SubscriptionSettings) {
  return {
    name,
    topic,
    ackDeadlineSeconds: ackDeadline / 1000,
    enableMessageOrdering: ordered ?? false,
    deadLetterPolicy: deadLetter && { deadLetterTopic: deadLetter.topic, maxDeliveryAttempts: deadLetter.maxAttempts },
  };
}

function unary(answer: (request: Request) => object | Promise<object>) {
  return (call: ServerUnaryCall<Request, object>, reply: sendUnaryData<object>) => {
    void Promise.resolve()
      .then(() => answer(call.request))
      .then(
        (value) => reply(null, value),
        (error: unknown) => reply(status(error)),
      );
  };
}

function status(error: unknown) {
  return error instanceof ApiError ? { code: error.code, details: error.message } : { code: 13, details: String(error) };
}
