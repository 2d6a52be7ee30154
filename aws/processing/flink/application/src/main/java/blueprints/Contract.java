package blueprints;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;

/** The event contract: an event is a CloudEvent, as {@code event.schema.json} describes it. */
final class Contract {
  /**
   * How far the time of an event may be after its arrival. An event with a time in a far future would be kept in the state, and not be
   * counted, until then.
   */
  static final Duration CLOCK_SKEW = Duration.ofMinutes(5);

  private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
  private static final Schema SCHEMA = schema();

  private Contract() {}

  /** Check a record against the contract. It never throws: a record that breaks the contract is refused with the reason. */
  static Arrival check(byte[] payload, String stream, String shard, String sequenceNumber, long arrived) {
    var arrival = new Arrival(payload, stream, shard, sequenceNumber, arrived, "", Long.MIN_VALUE, "");
    try {
      JsonNode event = JSON.readTree(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(payload)).toString());
      var errors = SCHEMA.validate(event);
      if (!errors.isEmpty()) return arrival.refused("InvalidEvent: " + inOneLine(errors.get(0).toString()));
      long time = millisOf(event.get("time").textValue());
      if (time > arrived + CLOCK_SKEW.toMillis()) return arrival.refused("InvalidEvent: time is more than 5 minutes after the arrival");
      return new Arrival(payload, stream, shard, sequenceNumber, arrived, event.get("type").textValue(), time, "");
    } catch (CharacterCodingException error) {
      return arrival.refused("InvalidEvent: not UTF-8");
    } catch (JacksonException error) {
      return arrival.refused("InvalidEvent: not JSON: " + inOneLine(error.getOriginalMessage()));
    } catch (RuntimeException | StackOverflowError error) {
      // A pattern of the schema needs more stack than there is for a text of many kilobytes.
      return arrival.refused("InvalidEvent: cannot be checked: " + error.getClass().getSimpleName());
    }
  }

  /** The milliseconds since 1970 of a time of the contract. Its offset is at most 23:59; Java reads offsets up to 18:00. */
  private static long millisOf(String time) {
    var isUtc = time.endsWith("Z");
    var end = time.length() - (isUtc ? 1 : "+hh:mm".length());
    var offset = isUtc ? Duration.ZERO : Duration.between(LocalTime.MIN, LocalTime.parse(time.substring(end + 1)));
    var local = LocalDateTime.parse(time.substring(0, end)).toInstant(ZoneOffset.UTC);
    return (time.charAt(end) == '-' ? local.plus(offset) : local.minus(offset)).toEpochMilli();
  }

  private static String inOneLine(String text) {
    var line = text.replaceAll("\\s+", " ").trim();
    return line.length() > 1000 ? line.substring(0, 999) + "…" : line;
  }

  private static Schema schema() {
    try (InputStream file = Contract.class.getResourceAsStream("/event.schema.json")) {
      return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_4).getSchema(new ObjectMapper().readTree(file));
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }
}
