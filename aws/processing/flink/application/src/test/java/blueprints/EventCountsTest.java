package blueprints;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkGeneratorSupplier;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.util.ratelimit.RateLimiterStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.clock.RelativeClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The operators run in a Flink cluster in this process. */
class EventCountsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final AtomicBoolean FAILED = new AtomicBoolean();

  @TempDir Path folder;

  @Test
  void eventsAreCountedByTypeAndMinuteInTheFolderOfTheirHour() throws Exception {
    run(List.of(event("sale", "11:59:10"), event("refund", "11:59:20"), event("sale", "11:59:59.999"), event("sale", "12:00:00")));
    assertEquals(Map.of("sale 2026-01-01T11:59:00Z", 2L, "refund 2026-01-01T11:59:00Z", 1L, "sale 2026-01-01T12:00:00Z", 1L), counts());
    assertTrue(names("counts").stream().allMatch(name -> name.matches("year=2026/month=01/day=01/hour=1[12]/part-.+\\.ndjson")));
    assertEquals(List.of(), lines("failed"));
  }

  @Test
  void aRecordThatBreaksTheContractIsAmongTheFailedRecordsWithItsPositionAndPayload() throws Exception {
    run(List.of(event("sale", "11:59:10"), Contract.check(new byte[] {'{'}, "arn", "shard-1", "42", at("12:34:00"))));
    assertEquals(1, counts().size());
    var letter = JSON.readTree(lines("failed").get(0));
    assertTrue(letter.get("reason").textValue().startsWith("InvalidEvent: not JSON"));
    assertEquals("{\"stream\":\"arn\",\"shard\":\"shard-1\",\"sequenceNumber\":\"42\"}", letter.get("position").toString());
    assertEquals("text {", letter.get("encoding").textValue() + " " + letter.get("payload").textValue());
    assertTrue(names("failed").get(0).startsWith("year=2026/month=01/day=01/hour=12/"));
  }

  @Test
  void bytesThatAreNoTextAreKeptInBase64() throws Exception {
    var letter = JSON.readTree(EventCounts.letter(Contract.check(new byte[] {(byte) 0xff}, "arn", "0", "1", 0)).f0);
    assertEquals("base64 /w==", letter.get("encoding").textValue() + " " + letter.get("payload").textValue());
  }

  @Test
  void anEventWhoseMinuteIsCountedIsAmongTheFailedRecords() throws Exception {
    run(List.of(event("sale", "11:00:10"), event("sale", "11:01:59"), event("sale", "11:00:59"), event("sale", "11:02:00"), event("sale", "11:00:20")));
    assertEquals(2L, counts().get("sale 2026-01-01T11:00:00Z"));
    assertEquals(1, lines("failed").size());
    assertEquals("late: its minute was already counted", JSON.readTree(lines("failed").get(0)).get("reason").textValue());
  }

  @Test
  void afterAFailureNoEventIsCountedTwiceAndNoneIsLeftOut() throws Exception {
    var total = 1500;
    var environment = environment();
    var source =
        new DataGeneratorSource<Arrival>(
            EventCountsTest::numbered, total, RateLimiterStrategy.perSecond(500), TypeInformation.of(Arrival.class));
    var arrivals = environment.fromSource(source, EventCounts.watermarks(), "Numbers").uid("stream");
    EventCounts.count(arrivals.map(EventCountsTest::failOnce).returns(Arrival.class).uid("fails"), path("counts"), path("failed"));
    environment.execute();
    assertTrue(FAILED.get());
    assertEquals(total, counts().values().stream().mapToLong(Long::longValue).sum());
    assertEquals(List.of(), lines("failed"));
  }

  @Test
  void aShardWithNothingButRefusedRecordsDoesNotHoldTheOthersBack() {
    var shard = new Shard();
    shard.gets(event("sale", "11:59:10"));
    var refused = Contract.check(new byte[] {'{'}, "arn", "shard-1", "42", at("12:00:00"));
    for (var minutes = 0; minutes < 3; minutes++) shard.gets(refused);
    assertTrue(shard.isIdle);
    shard.gets(event("sale", "12:02:10"));
    assertFalse(shard.isIdle);
  }

  @Test
  void anEventOfAFastClockDoesNotMakeTheOthersLate() {
    var shard = new Shard();
    var arrival = event("sale", "12:05:00");
    shard.gets(new Arrival(arrival.payload(), "arn", "shard-0", "1", at("12:00:00"), "sale", arrival.time(), ""));
    assertEquals(at("12:00:00") - EventCounts.LATENESS.toMillis() - 1, shard.watermark);
  }

  /** A shard whose records come a minute apart, and its watermark. */
  private static final class Shard implements WatermarkOutput, RelativeClock, WatermarkGeneratorSupplier.Context {
    private final WatermarkGenerator<Arrival> generator = EventCounts.watermarks().createWatermarkGenerator(this);
    private long now;
    private long watermark = Long.MIN_VALUE;
    private boolean isIdle;

    private void gets(Arrival arrival) {
      generator.onEvent(arrival, arrival.time(), this);
      for (var seconds = 0; seconds < 60; seconds += 10) {
        generator.onPeriodicEmit(this);
        now += 10_000;
      }
    }

    @Override
    public void emitWatermark(Watermark emitted) {
      watermark = emitted.getTimestamp();
      isIdle = false;
    }

    @Override
    public void markIdle() {
      isIdle = true;
    }

    @Override
    public void markActive() {
      isIdle = false;
    }

    @Override
    public long relativeTimeMillis() {
      return now;
    }

    @Override
    public long relativeTimeNanos() {
      return now * 1_000_000;
    }

    @Override
    public RelativeClock getInputActivityClock() {
      return this;
    }

    @Override
    public MetricGroup getMetricGroup() {
      return new UnregisteredMetricsGroup();
    }
  }

  private void run(List<Arrival> arrivals) throws Exception {
    var environment = environment();
    DataStream<Arrival> records = environment.fromData(TypeInformation.of(Arrival.class), arrivals.toArray(Arrival[]::new));
    EventCounts.count(records.assignTimestampsAndWatermarks(atEachEvent()), path("counts"), path("failed"));
    environment.execute();
  }

  /** A type that Flink would write with Kryo is an error: its state could not be restored by another version. */
  private StreamExecutionEnvironment environment() {
    var settings = new Configuration();
    settings.set(PipelineOptions.GENERIC_TYPES, false);
    var environment = StreamExecutionEnvironment.createLocalEnvironment(1, settings);
    environment.enableCheckpointing(100);
    return environment;
  }

  /** A watermark after each event, not at times of the clock, so that the same events are late in each run. */
  private static WatermarkStrategy<Arrival> atEachEvent() {
    return WatermarkStrategy.<Arrival>forGenerator(
            unused ->
                new WatermarkGenerator<>() {
                  private long youngest = Long.MIN_VALUE;

                  @Override
                  public void onEvent(Arrival arrival, long time, WatermarkOutput output) {
                    if (time > youngest) output.emitWatermark(new Watermark((youngest = time) - EventCounts.LATENESS.toMillis() - 1));
                  }

                  @Override
                  public void onPeriodicEmit(WatermarkOutput output) {}
                })
        .withTimestampAssigner((arrival, unused) -> arrival.time());
  }

  private static Arrival numbered(Long number) {
    return event("sale", "11:%02d:%02d".formatted(number / 60 % 60, number % 60));
  }

  private static Arrival failOnce(Arrival arrival) {
    if (arrival.time() >= at("11:17:00") && FAILED.compareAndSet(false, true)) throw new IllegalStateException("once");
    return arrival;
  }

  private static Arrival event(String type, String time) {
    var text =
        "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/test\",\"type\":\"%s\",\"time\":\"2026-01-01T%sZ\"}".formatted(type, time);
    return Contract.check(text.getBytes(StandardCharsets.UTF_8), "arn", "shard-0", "1", at(time));
  }

  private static long at(String time) {
    return Instant.parse("2026-01-01T" + time + "Z").toEpochMilli();
  }

  private String path(String name) {
    return folder.resolve(name).toUri().toString();
  }

  private Map<String, Long> counts() throws IOException {
    var counts = new TreeMap<String, Long>();
    for (var line : lines("counts")) {
      JsonNode row = JSON.readTree(line);
      counts.merge(row.get("type").textValue() + " " + row.get("minute").textValue(), row.get("count").longValue(), Long::sum);
    }
    return counts;
  }

  private List<String> lines(String name) throws IOException {
    var lines = new java.util.ArrayList<String>();
    for (var file : names(name)) lines.addAll(Files.readAllLines(folder.resolve(name).resolve(file)));
    return lines;
  }

  private List<String> names(String name) throws IOException {
    var root = folder.resolve(name);
    if (!Files.exists(root)) return List.of();
    try (var files = Files.walk(root)) {
      return files.filter(Files::isRegularFile).map(file -> root.relativize(file).toString()).toList();
    }
  }
}
