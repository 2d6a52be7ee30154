package blueprints;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class ContractTest {
  private static final String EVENT =
      """
      {"specversion":"1.0","id":"1","source":"/till/7","type":"sale","time":"2026-01-01T12:00:30.5+01:00","data":{"amount":100.00}}""";
  private static final long ARRIVED = Instant.parse("2026-01-01T11:01:00Z").toEpochMilli();

  @Test
  void theSampleEventOfTheRepositoryIsAccepted() throws Exception {
    var sample = Files.readAllBytes(Path.of("../../../../event.json"));
    assertEquals("", Contract.check(sample, "s", "0", "1", Long.MAX_VALUE / 2).refusal());
  }

  @Test
  void anEventHasItsTypeAndItsTime() {
    var arrival = check(EVENT);
    assertEquals("sale", arrival.type());
    assertEquals(Instant.parse("2026-01-01T11:00:30.500Z").toEpochMilli(), arrival.time());
    assertEquals("", arrival.refusal());
  }

  @Test
  void aRecordThatIsNoEventIsRefusedWithTheReason() {
    assertTrue(check("{").refusal().startsWith("InvalidEvent: not JSON: "));
    assertTrue(check("").refusal().startsWith("InvalidEvent: "));
    assertTrue(check("[]").refusal().startsWith("InvalidEvent: "));
    assertTrue(check(EVENT + "{}").refusal().startsWith("InvalidEvent: not JSON: "));
    assertTrue(check(EVENT.replace("\"id\":\"1\",", "")).refusal().contains("'id'"));
    assertTrue(check(EVENT.replace("1.0", "0.3")).refusal().contains("specversion"));
    assertTrue(check(EVENT.replace("2026-01-01T", "2026-02-30T")).refusal().contains("time"));
    assertTrue(check(EVENT.replace("\"sale\"", "\"\"")).refusal().contains("type"));
    assertTrue(check(EVENT.replace("/till/7", "not a uri")).refusal().contains("source"));
    assertEquals("InvalidEvent: not UTF-8", Contract.check(new byte[] {(byte) 0xff}, "s", "0", "1", ARRIVED).refusal());
  }

  @Test
  void eachTimeOfTheContractIsRead() {
    var instant = Instant.parse("2026-01-01T11:00:30.500Z").toEpochMilli();
    var times =
        List.of("2026-01-02T10:59:30.5+23:59", "2025-12-31T11:01:30.5-23:59", "2026-01-01T11:00:30.500999999Z", "2026-01-01T11:00:30.5-00:00");
    for (var time : times) assertEquals(instant, check(EVENT.replace("2026-01-01T12:00:30.5+01:00", time)).time());
    assertEquals("", check(EVENT.replace("2026-01-01T12:00:30.5+01:00", "0001-01-01T00:00:00+23:59")).refusal());
  }

  @Test
  void aLargeRecordNeverStopsTheApplication() {
    var large = 900_000;
    var records =
        List.of(
            EVENT.replace("/till/7", "/" + "a%20".repeat(large / 4)),
            EVENT.replace("/till/7", "a:" + "b/".repeat(large / 2)),
            EVENT.replace("/till/7", "//a" + "1".repeat(large)),
            EVENT.replace("/till/7", "//" + "a@:".repeat(large / 3)),
            EVENT.replace("\"data\":{\"amount\":100.00}", "\"data_base64\":\"" + "QUJD".repeat(large / 4) + "\""),
            EVENT.replace("\"data\":{\"amount\":100.00}", "\"data_base64\":\"" + "QUJD".repeat(large / 4) + "!\""),
            EVENT.replace("\"data\"", "\"datacontenttype\":\"a/b" + ";c=d".repeat(large / 4) + "\",\"data\""),
            EVENT.replace("\"data\"", "\"datacontenttype\":\"a/b;c=\\\"" + "\\\\d".repeat(large / 4) + "\\\"\",\"data\""),
            EVENT.replace("\"data\"", "\"dataschema\":\"a:" + "%20/".repeat(large / 4) + "\",\"data\""),
            EVENT.replace("\"id\":\"1\"", "\"id\":\"" + "a".repeat(large) + "\""),
            EVENT.replace("100.00", "1".repeat(large)),
            EVENT.replace("100.00", "1e" + "9".repeat(100)),
            EVENT.replace("100.00", "[".repeat(large / 2) + "]".repeat(large / 2)),
            EVENT.replace("{\"amount\":100.00}", "{\"a\":".repeat(900) + "1" + "}".repeat(900)),
            "[".repeat(large),
            "\"" + "a".repeat(large) + "\"");
    for (var record : records) assertEquals(record.length(), check(record).payload().length);
    assertEquals("InvalidEvent: cannot be checked: StackOverflowError", check(records.get(0)).refusal());
  }

  @Test
  void anEventOfTheFutureIsRefusedBecauseItWouldNotBeCountedUntilThen() {
    var early = EVENT.replace("12:00:30.5+01:00", "11:06:00Z");
    assertEquals("", check(early).refusal());
    assertEquals("InvalidEvent: time is more than 5 minutes after the arrival", check(early.replace("11:06:00Z", "11:06:00.001Z")).refusal());
    assertEquals(Long.MIN_VALUE, check(early.replace("2026", "2099")).time());
  }

  private static Arrival check(String text) {
    return Contract.check(text.getBytes(StandardCharsets.UTF_8), "s", "0", "1", ARRIVED);
  }
}
