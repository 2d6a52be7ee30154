package blueprints;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.serialization.SimpleStringEncoder;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.connector.file.sink.FileSink;
import org.apache.flink.core.fs.Path;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.functions.sink.filesystem.BucketAssigner;
import org.apache.flink.streaming.api.functions.sink.filesystem.OutputFileConfig;
import org.apache.flink.streaming.api.functions.sink.filesystem.bucketassigners.SimpleVersionedStringSerializer;
import org.apache.flink.streaming.api.functions.sink.filesystem.rollingpolicies.OnCheckpointRollingPolicy;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts events by type and minute, by the time in the event. Rewrite it for your data.
 *
 * <p>A minute is counted when the watermark has passed it: when each shard has an event that is a minute younger, or is idle. An
 * event that comes later is written to the failed records, and so is a record that breaks the contract. Files are finished at each
 * checkpoint, so after a failure no event is counted twice and none is left out. If the stream stops, its last minutes are counted
 * when it continues.
 */
final class EventCounts {
  /** How much later than the youngest event of its shard an event may arrive and still be counted. */
  static final Duration LATENESS = Duration.ofMinutes(1);
  /** A shard without events for this time no longer holds the watermark back. */
  static final Duration IDLE = Duration.ofMinutes(1);

  private static final Duration WINDOW = Duration.ofMinutes(1);
  private static final OutputTag<Arrival> LATE = new OutputTag<>("late") {};
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final SimpleStringEncoder<String> LINE = new SimpleStringEncoder<>("UTF-8");

  private EventCounts() {}

  /** Each shard has its own watermark, because shards are read at different speeds. */
  static WatermarkStrategy<Arrival> watermarks() {
    var ofCounted = WatermarkStrategy.<Arrival>forBoundedOutOfOrderness(LATENESS).withIdleness(IDLE);
    return WatermarkStrategy.<Arrival>forGenerator(shard -> new OfCounted(ofCounted.createWatermarkGenerator(shard)))
        .withTimestampAssigner((arrival, unused) -> arrival.time());
  }

  /**
   * The watermark of the events that are counted. A shard with nothing but refused records is idle, or the minutes of all shards
   * would wait for it. An event of a fast clock moves the watermark to its arrival only, or the events of other clocks would be late.
   */
  private static final class OfCounted implements WatermarkGenerator<Arrival> {
    private final WatermarkGenerator<Arrival> generator;

    OfCounted(WatermarkGenerator<Arrival> generator) {
      this.generator = generator;
    }

    @Override
    public void onEvent(Arrival arrival, long time, WatermarkOutput output) {
      if (!arrival.isRefused()) generator.onEvent(arrival, Math.min(time, arrival.arrived()), output);
    }

    @Override
    public void onPeriodicEmit(WatermarkOutput output) {
      generator.onPeriodicEmit(output);
    }
  }

  /**
   * Add the operators to a stream of records.
   *
   * @param counts the folder of the counts
   * @param failed the folder of the records that are not counted
   */
  static void count(DataStream<Arrival> arrivals, String counts, String failed) {
    var lines =
        arrivals
            .filter(arrival -> !arrival.isRefused())
            .uid("accepted")
            .keyBy(Arrival::type)
            .window(TumblingEventTimeWindows.of(WINDOW))
            .sideOutputLateData(LATE)
            .aggregate(new Count(), new Row())
            .uid("counts");
    lines.sinkTo(sink(counts, new ByMinute())).uid("store").name("Store");

    var late = lines.getSideOutput(LATE).map(arrival -> arrival.refused("late: its minute was already counted")).uid("late");
    arrivals
        .filter(Arrival::isRefused)
        .uid("refused")
        .union(late)
        .map(new Letters())
        .returns(Types.TUPLE(Types.STRING, Types.LONG))
        .uid("letters")
        .sinkTo(sink(failed, new ByArrival()))
        .uid("failed")
        .name("Failed records");
  }

  /** A line for a record that is not counted, in the format of the dead letter of every handler, and when the record arrived. */
  static Tuple2<String, Long> letter(Arrival arrival) {
    ObjectNode letter = JSON.createObjectNode().put("reason", arrival.refusal());
    letter
        .putObject("position")
        .put("stream", arrival.stream())
        .put("shard", arrival.shard())
        .put("sequenceNumber", arrival.sequenceNumber());
    try {
      var text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(arrival.payload())).toString();
      letter.put("encoding", "text").put("payload", text);
    } catch (CharacterCodingException error) {
      letter.put("encoding", "base64").put("payload", Base64.getEncoder().encodeToString(arrival.payload()));
    }
    return Tuple2.of(letter.toString(), arrival.arrived());
  }

  /** Lines of JSON. A file is finished at a checkpoint, in the folder of the hour, in the Hive format that query engines read. */
  private static <Element> FileSink<Element> sink(String folder, BucketAssigner<Element, String> hour) {
    return FileSink.forRowFormat(new Path(folder), (Element element, OutputStream file) -> LINE.encode(lineOf(element), file))
        .withBucketAssigner(hour)
        .withRollingPolicy(OnCheckpointRollingPolicy.build())
        .withOutputFileConfig(OutputFileConfig.builder().withPartSuffix(".ndjson").build())
        .build();
  }

  private static String lineOf(Object element) {
    return element instanceof Tuple2<?, ?> pair ? (String) pair.f0 : (String) element;
  }

  /** Writes a warning when records are not counted, at most one a minute. The log group has a metric filter for it. */
  static final class Letters implements MapFunction<Arrival, Tuple2<String, Long>> {
    private static final Logger LOG = LoggerFactory.getLogger(EventCounts.class);
    private static final long INTERVAL = Duration.ofMinutes(1).toNanos();

    private transient boolean warned;
    private transient long at;

    @Override
    public Tuple2<String, Long> map(Arrival arrival) {
      if (!warned || System.nanoTime() - at > INTERVAL) {
        warned = true;
        at = System.nanoTime();
        LOG.warn("Records were not counted. First reason: {}", arrival.refusal());
      }
      return letter(arrival);
    }
  }

  /** Counts the events of a window, without keeping them. */
  static final class Count implements AggregateFunction<Arrival, Long, Long> {
    @Override
    public Long createAccumulator() {
      return 0L;
    }

    @Override
    public Long add(Arrival arrival, Long count) {
      return count + 1;
    }

    @Override
    public Long getResult(Long count) {
      return count;
    }

    @Override
    public Long merge(Long one, Long other) {
      return one + other;
    }
  }

  /** The row of a window, as a line of JSON. */
  static final class Row extends ProcessWindowFunction<Long, String, String, TimeWindow> {
    @Override
    public void process(String type, Context context, Iterable<Long> counts, Collector<String> rows) {
      var minute = Instant.ofEpochMilli(context.window().getStart()).toString();
      var count = counts.iterator().next();
      rows.collect(JSON.createObjectNode().put("type", type).put("minute", minute).put("count", count).toString());
    }
  }

  /** The hour of a folder. */
  abstract static class ByHour<Element> implements BucketAssigner<Element, String> {
    private static final DateTimeFormatter FOLDER =
        DateTimeFormatter.ofPattern("'year='yyyy'/month='MM'/day='dd'/hour='HH").withZone(ZoneOffset.UTC);

    abstract long timeOf(Element element, Context context);

    @Override
    public String getBucketId(Element element, Context context) {
      return FOLDER.format(Instant.ofEpochMilli(timeOf(element, context)));
    }

    @Override
    public SimpleVersionedSerializer<String> getSerializer() {
      return SimpleVersionedStringSerializer.INSTANCE;
    }
  }

  /** The hour of a count: that of its minute. */
  static final class ByMinute extends ByHour<String> {
    @Override
    long timeOf(String row, Context context) {
      return context.timestamp();
    }
  }

  /** The hour in which a record arrived. */
  static final class ByArrival extends ByHour<Tuple2<String, Long>> {
    @Override
    long timeOf(Tuple2<String, Long> letter, Context context) {
      return letter.f1;
    }
  }
}
