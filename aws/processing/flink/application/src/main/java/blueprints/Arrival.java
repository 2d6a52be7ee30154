package blueprints;

/**
 * A record of the stream, and what the event contract says of it.
 *
 * @param payload the record, as the sender sent it
 * @param stream the ARN of the stream
 * @param shard the id of the shard
 * @param sequenceNumber the position in the shard
 * @param arrived when the stream accepted the record, in milliseconds since 1970
 * @param type the type of the event; empty if the record is refused
 * @param time the time of the event in milliseconds since 1970; {@link Long#MIN_VALUE} if the record is refused, so that it does
 *     not move the watermark
 * @param refusal why the record is not counted, in one line; empty if it is counted
 */
public record Arrival(
    byte[] payload, String stream, String shard, String sequenceNumber, long arrived, String type, long time, String refusal) {

  boolean isRefused() {
    return !refusal.isEmpty();
  }

  /** The same record, refused for a reason. */
  Arrival refused(String reason) {
    return new Arrival(payload, stream, shard, sequenceNumber, arrived, "", Long.MIN_VALUE, reason);
  }
}
