package blueprints;

import com.amazonaws.services.kinesisanalytics.runtime.KinesisAnalyticsRuntime;
import java.util.Properties;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.kinesis.source.KinesisStreamsSource;
import org.apache.flink.connector.kinesis.source.config.KinesisSourceConfigOptions;
import org.apache.flink.connector.kinesis.source.config.KinesisSourceConfigOptions.InitialPosition;
import org.apache.flink.connector.kinesis.source.serialization.KinesisDeserializationSchema;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.Collector;
import software.amazon.awssdk.services.kinesis.model.Record;

/** Reads the stream, counts its events and writes to the store. Its settings are property groups of the application. */
public final class Application {
  private Application() {}

  public static void main(String[] arguments) throws Exception {
    var properties = KinesisAnalyticsRuntime.getApplicationProperties();
    var environment = StreamExecutionEnvironment.getExecutionEnvironment();
    var arrivals =
        environment.fromSource(source(setting(properties.get("source"), "stream.arn")), EventCounts.watermarks(), "Stream").uid("stream");
    EventCounts.count(arrivals, setting(properties.get("store"), "path"), setting(properties.get("store"), "failed.path"));
    environment.execute("Event counts");
  }

  /** Without a snapshot, it starts with the oldest record of the stream. */
  static KinesisStreamsSource<Arrival> source(String streamArn) {
    var settings = new Configuration();
    settings.set(KinesisSourceConfigOptions.STREAM_INITIAL_POSITION, InitialPosition.TRIM_HORIZON);
    return KinesisStreamsSource.<Arrival>builder()
        .setStreamArn(streamArn)
        .setSourceConfig(settings)
        .setDeserializationSchema(new Records())
        .build();
  }

  private static String setting(Properties group, String name) {
    var value = group == null ? null : group.getProperty(name);
    if (value != null && !value.isEmpty()) return value;
    throw new IllegalStateException("The property " + name + " is missing. FlinkProcessor sets it: deploy both from the same commit.");
  }

  /** Checks each record against the contract. */
  static final class Records implements KinesisDeserializationSchema<Arrival> {
    @Override
    public void deserialize(Record record, String stream, String shard, Collector<Arrival> arrivals) {
      var arrived = record.approximateArrivalTimestamp().toEpochMilli();
      arrivals.collect(Contract.check(record.data().asByteArray(), stream, shard, record.sequenceNumber(), arrived));
    }

    @Override
    public TypeInformation<Arrival> getProducedType() {
      return TypeInformation.of(Arrival.class);
    }
  }
}
