package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.retention.StreamPolicy;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WalOptionsTest {

    @Test
    void build_nothingSet_hasTheDefaults() {
        WalOptions options = WalOptions.builder().build();

        assertThat(options.window()).isEqualTo(Duration.ofHours(1));
        assertThat(options.retention()).isEqualTo(Duration.ofDays(7));
        assertThat(options.maxBytesPerStream()).isEqualTo(Long.MAX_VALUE);
        assertThat(options.maxTotalBytes()).isEqualTo(Long.MAX_VALUE);
        assertThat(options.streams()).isEmpty();
        assertThat(options.durability()).isEqualTo(Durability.BUFFERED);
        assertThat(options.flushInterval()).isEqualTo(Duration.ofSeconds(1));
        assertThat(options.recoveryPolicy()).isEqualTo(RecoveryPolicy.STOP_AT_FIRST_ERROR);
        assertThat(options.segmentBytes()).isEqualTo(64 << 20);
        assertThat(options.maxRecordBytes()).isEqualTo(16 << 20);
        assertThat(options.maxClockSkew()).isEqualTo(Duration.ofHours(1));
        assertThat(Duration.between(options.clock().instant(), Instant.now()).abs()).isLessThan(Duration.ofMinutes(1));
        assertThat(options.sweepInterval()).isEqualTo(Duration.ofMinutes(1));
        assertThat(options.storage()).isEqualTo(Storage.AUTO);
        assertThat(options.listener()).isNotNull();
    }

    @Test
    void build_everythingSet_hasWhatWasSet() {
        InstantSource clock = InstantSource.fixed(Instant.EPOCH);
        WalListener listener = new WalListener() {};
        Executor executor = task -> {};
        StreamOptions other = StreamOptions.builder().build();

        WalOptions options = WalOptions.builder()
                .window(Duration.ofDays(1))
                .retention(Duration.ofDays(36_525))
                .maxBytesPerStream(1)
                .maxTotalBytes(2)
                .streams("z*", other)
                .streams("a*", other)
                .durability(Durability.PERIODIC)
                .flushInterval(Duration.ofMillis(250))
                .completionExecutor(executor)
                .recoveryPolicy(RecoveryPolicy.SKIP_BAD_RECORDS)
                .segmentBytes(1 << 20)
                .maxRecordBytes(1_000)
                .maxClockSkew(Duration.ZERO)
                .clock(clock)
                .sweepInterval(Duration.ZERO)
                .storage(Storage.CHANNEL)
                .listener(listener)
                .build();

        assertThat(options.window()).isEqualTo(Duration.ofDays(1));
        assertThat(options.retention()).isEqualTo(Duration.ofDays(36_525));
        assertThat(options.maxBytesPerStream()).isEqualTo(1);
        assertThat(options.maxTotalBytes()).isEqualTo(2);
        assertThat(options.streams()).containsOnlyKeys("z*", "a*").containsValue(other);
        assertThat(options.streams().keySet()).containsExactly("z*", "a*");
        assertThat(options.durability()).isEqualTo(Durability.PERIODIC);
        assertThat(options.flushInterval()).isEqualTo(Duration.ofMillis(250));
        assertThat(options.completionExecutor()).containsSame(executor);
        assertThat(options.recoveryPolicy()).isEqualTo(RecoveryPolicy.SKIP_BAD_RECORDS);
        assertThat(options.segmentBytes()).isEqualTo(1 << 20);
        assertThat(options.maxRecordBytes()).isEqualTo(1_000);
        assertThat(options.maxClockSkew()).isZero();
        assertThat(options.clock()).isSameAs(clock);
        assertThat(options.sweepInterval()).isZero();
        assertThat(options.storage()).isEqualTo(Storage.CHANNEL);
        assertThat(options.listener()).isSameAs(listener);
        assertThat(options.toString()).contains("window=PT24H", "maxRecordBytes=1000", "durability=PERIODIC",
                "flushInterval=PT0.25S", "recoveryPolicy=SKIP_BAD_RECORDS");
    }

    /** Only packs go to a tier. */
    @Test
    void ownSegments_unset_areNoneWithATier() {
        assertThat(WalOptions.builder().build().ownSegments()).isEqualTo(64);
        assertThat(WalOptions.builder().tier(Path.of("tier")).build().ownSegments()).isZero();
        assertThat(WalOptions.builder().ownSegments(3).tier(Path.of("tier")).build().ownSegments()).isEqualTo(3);
    }

    @Test
    void completionExecutor_unset_isTheLogsAffair() {
        assertThat(WalOptions.builder().build().completionExecutor()).isEmpty();
    }

    @Test
    void builder_null_isRefusedAtTheCall() {
        Stream.<Consumer<WalOptions.Builder>>of(
                        b -> b.window(null), b -> b.retention(null), b -> b.maxClockSkew(null), b -> b.clock(null),
                        b -> b.sweepInterval(null), b -> b.storage(null), b -> b.listener(null),
                        b -> b.durability(null), b -> b.flushInterval(null), b -> b.completionExecutor(null),
                        b -> b.recoveryPolicy(null),
                        b -> b.streams(null, StreamOptions.builder().build()), b -> b.streams("a", null))
                .forEach(call -> assertThatThrownBy(() -> call.accept(WalOptions.builder()))
                        .isInstanceOf(NullPointerException.class));
        assertThatThrownBy(() -> StreamOptions.builder().window(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> StreamOptions.builder().retention(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> StreamOptions.builder().durability(null)).isInstanceOf(NullPointerException.class);
    }

    @Test
    void streamOptions_valueThatCouldNeverBeRight_isRefusedAtTheCall() {
        StreamOptions.Builder builder = StreamOptions.builder();

        assertThatThrownBy(() -> builder.window(Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.retention(Duration.ofMillis(-1))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.maxBytesPerStream(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.segmentBytes(4_095)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void streamOptions_unset_isEmpty() {
        StreamOptions unset = StreamOptions.builder().build();
        StreamOptions set = StreamOptions.builder()
                .window(Duration.ofHours(1)).retention(Duration.ofDays(1)).maxBytesPerStream(5)
                .durability(Durability.IMMEDIATE).segmentBytes(4_096).build();

        assertThat(unset.window()).isEmpty();
        assertThat(unset.retention()).isEmpty();
        assertThat(unset.maxBytesPerStream()).isEmpty();
        assertThat(unset.durability()).isEmpty();
        assertThat(unset.segmentBytes()).isEmpty();
        assertThat(set.window()).contains(Duration.ofHours(1));
        assertThat(set.retention()).contains(Duration.ofDays(1));
        assertThat(set.maxBytesPerStream()).hasValue(5);
        assertThat(set.durability()).contains(Durability.IMMEDIATE);
        assertThat(set.segmentBytes()).hasValue(4_096);
        assertThat(set.toString()).contains("durability=IMMEDIATE");
    }

    @Test
    void build_builderUsedAgain_leavesWhatWasBuiltAsItWas() {
        WalOptions.Builder builder = WalOptions.builder().streams("a", StreamOptions.builder().build());
        WalOptions first = builder.build();
        builder.streams("b", StreamOptions.builder().build()).window(Duration.ofDays(1));

        assertThat(first.streams()).containsOnlyKeys("a");
        assertThat(first.window()).isEqualTo(Duration.ofHours(1));
        assertThatThrownBy(() -> first.streams().clear()).isInstanceOf(UnsupportedOperationException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {4_096, 4_097, 4_103, 4_104, 65_536, 1 << 20, 16 << 20, 33_554_000, 40 << 20, 1 << 30})
    void maxRecordBytes_unset_isTheDefaultOrWhatFits(int segmentBytes) {
        WalOptions options = WalOptions.builder().segmentBytes(segmentBytes).build();

        int largest = options.maxRecordBytes();
        assertThat(fits(largest, segmentBytes)).isTrue();
        assertThat(largest == 16 << 20 || !fits(largest + 1, segmentBytes)).isTrue();
        assertThat(options.policyOf("k").maxRecordBytes()).isEqualTo(largest);
    }

    private static boolean fits(int recordBytes, int segmentBytes) {
        long frame = RecordLayout.frameBytes(0, recordBytes);
        return frame <= RecordLayout.MAX_FRAME_BYTES && frame + SegmentHeaderLayout.MAX_BYTES <= segmentBytes;
    }

    @Test
    void build_recordsLargerThanASegment_areRefusedWithBothValues() {
        assertThatThrownBy(() -> WalOptions.builder().maxRecordBytes(70_000).segmentBytes(65_536).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("too large for the segment")
                .hasMessageContaining("maxRecordBytes=70000")
                .hasMessageContaining("segmentBytes=65536")
                .hasMessageContaining("maxRecordBytesThatFit=64376");
        assertThatCode(() -> WalOptions.builder().maxRecordBytes(64_376).segmentBytes(65_536).build())
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> WalOptions.builder().maxRecordBytes(64_377).segmentBytes(65_536).build())
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void build_recordsLargerThanAPatternsSegment_areRefusedWithThePattern() {
        WalOptions.Builder builder = WalOptions.builder()
                .streams("small/*", StreamOptions.builder().segmentBytes(8_192).build());

        assertThat(builder.build().policyOf("small/a").maxRecordBytes()).isEqualTo(8_192 - 1_128 - 32);
        assertThat(builder.build().policyOf("large").maxRecordBytes()).isEqualTo(16 << 20);
        assertThatThrownBy(() -> builder.maxRecordBytes(10_000).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("maxRecordBytes=10000")
                .hasMessageContaining("segmentBytes=8192")
                .hasMessageContaining("small/*");
    }

    @Test
    void policyOf_severalPatterns_theFirstThatMatchesCountsAlone() {
        WalOptions options = WalOptions.builder()
                .retention(Duration.ofDays(7))
                .maxBytesPerStream(1_000_000)
                .streams("cpu/*", StreamOptions.builder().window(Duration.ofHours(1)).build())
                .streams("*/0", StreamOptions.builder().retention(Duration.ZERO).maxBytesPerStream(5).build())
                .streams("*", StreamOptions.builder().segmentBytes(1 << 20).build())
                .build();

        assertThat(options.policyOf("cpu/0"))
                .isEqualTo(new StreamPolicy(3_600_000, 604_800_000, 64 << 20, 16 << 20, 1_000_000));
        assertThat(options.policyOf("disk/0")).isEqualTo(new StreamPolicy(60_000, 0, 64 << 20, 16 << 20, 5));
        assertThat(options.policyOf("disk/1"))
                .isEqualTo(new StreamPolicy(3_600_000, 604_800_000, 1 << 20, (1 << 20) - 1_128 - 32, 1_000_000));
    }

    @Test
    void policyOf_patternWithARetention_windowFollowsFromThatUnlessTheLogSaysOne() {
        WalOptions.Builder builder = WalOptions.builder().streams("cpu/*", StreamOptions.builder().retention(Duration.ofDays(90)).build());

        assertThat(builder.build().policyOf("cpu/0").windowMillis()).isEqualTo(Duration.ofDays(1).toMillis());
        assertThat(builder.window(Duration.ofMinutes(2)).build().policyOf("cpu/0").windowMillis()).isEqualTo(Duration.ofMinutes(2).toMillis());
    }

    @Test
    void policyOf_noPatternMatches_isTheLogs() {
        WalOptions options = WalOptions.builder()
                .streams("cpu/?", StreamOptions.builder().window(Duration.ofHours(1)).build()).build();

        assertThat(options.policyOf("cpu/10").windowMillis()).isEqualTo(3_600_000);
        assertThat(options.policyOf("cpu/10").maxBytes()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void durabilityOf_severalPatterns_theFirstThatMatchesCountsAlone() {
        WalOptions options = WalOptions.builder()
                .streams("cpu/*", StreamOptions.builder().window(Duration.ofHours(1)).build())
                .streams("*/0", StreamOptions.builder().durability(Durability.IMMEDIATE).build())
                .streams("disk/*", StreamOptions.builder().durability(Durability.BUFFERED).build())
                .durability(Durability.PERIODIC)
                .build();

        assertThat(options.durabilityOf("cpu/0")).isEqualTo(Durability.PERIODIC);
        assertThat(options.durabilityOf("disk/0")).isEqualTo(Durability.IMMEDIATE);
        assertThat(options.durabilityOf("disk/1")).isEqualTo(Durability.BUFFERED);
        assertThat(options.durabilityOf("net/1")).isEqualTo(Durability.PERIODIC);
    }
}
