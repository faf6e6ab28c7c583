package dev.streamwal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.NullNode;
import dev.streamwal.codec.jackson.JsonCodec;
import dev.streamwal.error.RecordTooLargeException;
import dev.streamwal.error.UndecodableRecordException;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.TypedCursor;
import dev.streamwal.reader.WalReader;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Typed records as JSON. */
class JsonCodecTest {

    private static final String KEY = "alarms";
    private static final ObjectMapper MAPPER = JsonMapper.builder().build();
    private static final JsonCodec<Alarm> V1 = JsonCodec.of(5, 1, Alarm.class, MAPPER);
    private static final JsonCodec<AlarmWithLevel> V2 = JsonCodec.of(5, 2, AlarmWithLevel.class, MAPPER);

    @TempDir
    private Path directory;

    private StreamWal wal;

    /** As it was. */
    public record Alarm(String text, double value) {}

    /** As it is now. */
    public record AlarmWithLevel(String text, double value, int level) {}

    @BeforeEach
    void open() {
        wal = StreamWal.open(directory, WalOptions.builder().maxRecordBytes(100_000).build());
    }

    @AfterEach
    void close() {
        wal.close();
    }

    @Test
    void alarms_areReadBack_andTheirContentIsJson() {
        TypedStream<Alarm> stream = wal.stream(KEY, V1);
        List<Alarm> alarms = List.of(new Alarm("zu heiß", 91.5), new Alarm("", -0.0), new Alarm("x".repeat(50_000), 1e300));
        alarms.forEach(stream::append);
        try (WalReader reader = wal.reader(); TypedCursor<Alarm> cursor = reader.scan(KEY, V1)) {
            for (Alarm alarm : alarms) {
                assertThat(cursor.next()).isTrue();
                assertThat(cursor.value()).isEqualTo(alarm);
                assertThat(cursor.value()).as("decoded again").isEqualTo(alarm);
            }
            assertThat(cursor.next()).isFalse();
        }
        stream.append(alarms.get(0));
        try (WalReader reader = wal.reader()) {
            assertThat(reader.latest(KEY).orElseThrow().content().toString(UTF_8)).isEqualTo("{\"text\":\"zu heiß\",\"value\":91.5}");
        }
    }

    @Test
    void earlierVersion_isReadWithTheFieldsDefault_andALaterOne_refused() {
        wal.stream(KEY, V1).append(new Alarm("a", 1));
        wal.stream(KEY, V2).append(new AlarmWithLevel("b", 2, 3));
        try (WalReader reader = wal.reader();
                TypedCursor<AlarmWithLevel> now = reader.scan(KEY, V2);
                TypedCursor<Alarm> before = reader.scan(KEY, V1)) {
            assertThat(now.next()).isTrue();
            assertThat(now.value()).isEqualTo(new AlarmWithLevel("a", 1, 0));
            assertThat(now.next()).isTrue();
            assertThat(now.value()).isEqualTo(new AlarmWithLevel("b", 2, 3));
            assertThat(before.next()).isTrue();
            assertThat(before.next()).isTrue();
            assertThatThrownBy(before::value).isInstanceOf(UndecodableRecordException.class).hasMessageContaining("codec=JsonCodec(5 version 1)");
        }
    }

    @Test
    void content_thatIsNoJson_orNull_isRefused_andTheScanGoesOn() {
        JsonCodec<Object> anything = JsonCodec.of(5, 1, Object.class, MAPPER);
        wal.stream(KEY, anything).append(List.of("an array is no alarm"));
        wal.stream(KEY, JsonCodec.of(5, 1, Nothing.class, JsonMapper.builder().build())).append(new Nothing());
        wal.stream(KEY, V1).append(new Alarm("a", 1));
        try (WalReader reader = wal.reader(); TypedCursor<Alarm> cursor = reader.scan(KEY, V1)) {
            assertThat(cursor.next()).isTrue();
            assertThatThrownBy(cursor::value).isInstanceOf(UndecodableRecordException.class)
                    .hasMessageContaining("threw java.io.UncheckedIOException: schemaId=5")
                    .hasCauseInstanceOf(UncheckedIOException.class).hasRootCauseInstanceOf(JsonProcessingException.class);
            assertThat(cursor.next()).isTrue();
            assertThatThrownBy(cursor::value).isInstanceOf(UndecodableRecordException.class).hasMessageContaining("returned null");
            assertThat(cursor.next()).isTrue();
            assertThat(cursor.value()).isEqualTo(new Alarm("a", 1));
        }
    }

    /** Jackson's exception quotes it; the record's own message must not. */
    @Test
    void contentOfAnotherType_isNotInTheMessage() {
        JsonCodec<Object> anything = JsonCodec.of(5, 1, Object.class, MAPPER);
        wal.stream(KEY, anything).append(Map.of("text", "a", "value", "PATIENT-4711"));
        try (WalReader reader = wal.reader()) {
            Entry entry = reader.latest(KEY).orElseThrow();
            assertThatThrownBy(() -> entry.value(V1)).isInstanceOf(UndecodableRecordException.class).message().doesNotContain("PATIENT");
            assertThatThrownBy(() -> entry.value(V1)).rootCause().hasMessageContaining("PATIENT-4711");
        }
    }

    /** Written as {@code null}. */
    public static final class Nothing {
        @JsonValue
        public Object value() {
            return NullNode.getInstance();
        }
    }

    @Test
    void value_thatJacksonCannotWrite_orThatIsTooLarge_leavesNothing() {
        assertThatThrownBy(() -> wal.stream(KEY, JsonCodec.of(5, 1, Object.class, MAPPER)).append(new Object()))
                .isInstanceOf(UncheckedIOException.class).hasCauseInstanceOf(JsonProcessingException.class);
        TypedStream<Alarm> stream = wal.stream(KEY, V1);
        assertThatThrownBy(() -> stream.append(new Alarm("x".repeat(1_000_000), 1))).isInstanceOf(RecordTooLargeException.class);
        assertThat(stream.stream().endPosition()).isZero();
        stream.append(new Alarm("small", 1));
        try (WalReader reader = wal.reader()) {
            assertThat(reader.latest(KEY).orElseThrow().value(V1)).isEqualTo(new Alarm("small", 1));
        }
    }
}
