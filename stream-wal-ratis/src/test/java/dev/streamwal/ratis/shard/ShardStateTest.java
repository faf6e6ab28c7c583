package dev.streamwal.ratis.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.ratis.wire.Command.Append;
import dev.streamwal.ratis.wire.Command.Tick;
import dev.streamwal.reader.EntryRef;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/** What all replicas know alike: where streams go on, when an image is due, whether a replica differs; and that it comes back as it was, or not at all. */
class ShardStateTest {

    private static final long STEP = ShardState.BEGINNINGS_APART_BYTES;
    private static final ImageRule RULE = new ImageRule(3, 10_000, 1_000);

    private final ShardState state = ShardState.empty();

    private void append(String key, int size, long expirationMillis) {
        state.appended(new EntryRef(key, state.nextOf(key), size), expirationMillis);
    }

    @Test
    void nextOf_isTheEnd_orWhereTheLogBegan() {
        assertThat(state.nextOf("a")).isZero();
        append("a", 40, 100);
        append("a", 48, 100);
        append("b", 32, 100);
        assertThat(state.nextOf("a")).isEqualTo(88);
        assertThat(state.nextOf("b")).isEqualTo(32);
        assertThat(state.nextOf("c")).isZero();
        state.beginAnew();
        assertThat(state.endOf("a")).isEqualTo(88);
        assertThat(state.nextOf("a")).isEqualTo(STEP);
        append("a", 40, 100);
        assertThat(state.nextOf("a")).isEqualTo(STEP + 40);
        assertThat(state.nextOf("b")).isEqualTo(STEP);
    }

    @Test
    void beginAnew_withoutAppends_beginsWhereItDid() {
        append("a", 40, 100);
        state.beginAnew();
        state.beginAnew();
        state.beginAnew();
        assertThat(state.nextOf("b")).isEqualTo(STEP);
    }

    @Test
    void beginAnew_forgetsStreamsThatHaveExpired() {
        state.advanceClock(50);
        append("a", 40, 60);
        append("b", 40, 61);
        append("b", 40, 55);
        state.advanceClock(60);
        assertThat(state.endOf("a")).as("not before the image").isEqualTo(40);
        state.beginAnew();
        assertThat(state.endOf("a")).isZero();
        assertThat(state.endOf("b")).as("by its latest record").isEqualTo(80);
    }

    @Test
    void isImageDue_afterEntries_bytes_orTime() {
        state.advanceClock(5_000);
        assertThat(state.isImageDue(RULE)).as("nothing was applied").isFalse();
        state.applied(1, 0);
        state.applied(1, 1);
        assertThat(state.isImageDue(RULE)).isFalse();
        state.applied(1, 2);
        assertThat(state.isImageDue(RULE)).as("entries").isTrue();
        state.beginAnew();
        assertThat(state.isImageDue(RULE)).isFalse();
        append("a", 9_600, 100);
        assertThat(state.isImageDue(RULE)).isFalse();
        append("a", 400, 100);
        assertThat(state.isImageDue(RULE)).as("bytes").isTrue();
        state.beginAnew();
        state.advanceClock(5_999);
        assertThat(state.isImageDue(RULE)).isFalse();
        state.advanceClock(6_000);
        assertThat(state.isImageDue(RULE)).as("time").isTrue();
    }

    @Test
    void advanceClock_doesntGoBack() {
        state.advanceClock(1_000);
        state.advanceClock(900);
        assertThat(state.clockMillis()).isEqualTo(1_000);
    }

    @Test
    void differsFrom_comparesWhatStoodAtTheSameTick() {
        ShardState other = ShardState.empty();
        state.appended(new EntryRef("a", 0, 40), 100);
        other.appended(new EntryRef("a", 8, 40), 100);
        state.ticked(7);
        other.ticked(7);
        assertThat(state.differsFrom(state.lastTick())).isFalse();
        assertThat(state.differsFrom(other.lastTick())).isTrue();
        other.ticked(9);
        assertThat(state.differsFrom(other.lastTick())).as("of another tick").isFalse();
        assertThat(state.differsFrom(Tick.UNSTAMPED)).isFalse();
    }

    @Test
    void lastTick_dependsOnKeysPositionsAndSizes_inOrder() {
        assertThat(Arrays.asList(digest("a", 0, 40), digest("b", 0, 40), digest("a", 8, 40), digest("a", 0, 48), ShardState.empty().lastTick().digest()))
                .doesNotHaveDuplicates();
    }

    private static int digest(String key, long position, int size) {
        ShardState one = ShardState.empty();
        one.appended(new EntryRef(key, position, size), 0);
        one.ticked(1);
        return one.lastTick().digest();
    }

    private void fill() throws IOException {
        state.advanceClock(1_000);
        append("a", 40, 5_000);
        append("b", 80, 6_000);
        state.applied(3, 17);
        state.beginAnew();
        append("b", 48, 7_000);
        state.ticked(18);
        state.applied(4, 18);
        state.producers().applied(new Append("p", 3, List.of()), new byte[] {5}, Producers.AMONG_THE_LAST);
    }

    static byte[] bytesOf(ShardState state) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        StateFile.write(state, bytes);
        return bytes.toByteArray();
    }

    private static ShardState read(byte[] bytes) throws IOException {
        return StateFile.read(bytes.length, () -> new ByteArrayInputStream(bytes));
    }

    @Test
    void read_ofWhatWasWritten_isTheSame() throws IOException {
        fill();
        ShardState read = read(bytesOf(state));
        assertThat(read.appliedTerm()).isEqualTo(4);
        assertThat(read.appliedIndex()).isEqualTo(18);
        assertThat(read.clockMillis()).isEqualTo(1_000);
        assertThat(read.endOf("a")).isEqualTo(40);
        assertThat(read.nextOf("a")).isEqualTo(STEP);
        assertThat(read.nextOf("b")).isEqualTo(STEP + 48);
        assertThat(read.endOf("c")).isZero();
        assertThat(read.lastTick()).isEqualTo(state.lastTick());
        assertThat(read.producers().answerOf(new Append("p", 3, List.of()))).containsExactly(5);
        assertThat(bytesOf(read)).isEqualTo(bytesOf(state));
    }

    @Test
    void read_ofEveryChangedByteAndLength_throws() throws IOException {
        fill();
        byte[] good = bytesOf(state);
        for (int i = 0; i < good.length; i++) {
            byte[] changed = good.clone();
            changed[i] ^= 0x10;
            assertThatThrownBy(() -> read(changed)).as("byte " + i).isInstanceOf(IOException.class);
            int length = i;
            assertThatThrownBy(() -> read(Arrays.copyOf(good, length))).as("length " + i).isInstanceOf(IOException.class);
        }
    }

    /** Its version one up, its checksum right. */
    static byte[] ofTheNextVersion(byte[] bytes) {
        return ofLaterVersion(bytes, 1);
    }

    private static byte[] ofLaterVersion(byte[] bytes, int versions) {
        ByteBuffer next = ByteBuffer.wrap(bytes.clone());
        next.putInt(4, next.getInt(4) + versions);
        CRC32C crc = new CRC32C();
        crc.update(next.array(), 0, bytes.length - 4);
        return next.putInt(bytes.length - 4, (int) crc.getValue()).array();
    }

    @Test
    void read_ofAnotherVersion_saysSo_unlessItIsDamaged() throws IOException {
        fill();
        byte[] before = ofLaterVersion(bytesOf(state), -1);
        assertThatThrownBy(() -> read(before)).isInstanceOf(OtherVersionException.class).hasMessageContaining("another version");
        byte[] next = ofTheNextVersion(bytesOf(state));
        assertThatThrownBy(() -> read(next)).isInstanceOf(OtherVersionException.class).hasMessageContaining("another version");
        next[next.length / 2] ^= 1;
        assertThatThrownBy(() -> read(next)).as("damaged").isInstanceOf(IOException.class).isNotInstanceOf(OtherVersionException.class);
    }

    @Test
    void write_ofAHundredThousandKeys_isAFewMegabytes() throws IOException {
        for (int i = 0; i < 100_000; i++) {
            append("meter/" + i, 40, 100);
        }
        byte[] bytes = bytesOf(state);
        assertThat(bytes.length).isLessThan(4 << 20);
        assertThat(read(bytes).endOf("meter/99999")).isEqualTo(40);
    }

    /** With millions of keys it has gigabytes, and more than an array takes. */
    @Test
    void write_ofManyKeys_isInPieces() throws IOException {
        for (int i = 0; i < 100_000; i++) {
            append("meter/" + i, 40, 100);
        }
        AtomicInteger largest = new AtomicInteger();
        StateFile.write(state, new OutputStream() {
            @Override
            public void write(int each) {}

            @Override
            public void write(byte[] bytes, int from, int count) {
                largest.accumulateAndGet(count, Math::max);
            }
        });
        assertThat(largest.get()).isBetween(1, StateFile.PIECE_BYTES);
    }
}
