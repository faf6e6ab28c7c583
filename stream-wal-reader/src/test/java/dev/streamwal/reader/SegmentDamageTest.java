package dev.streamwal.reader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryNotFoundException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.reader.EntryBatch.Status;
import dev.streamwal.segment.FakeRecords;
import dev.streamwal.segment.SegmentWriterForTests;
import dev.streamwal.segment.SegmentWriterForTests.Written;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Whatever happens to a segment's bytes: a documented error, or every record unchanged; never a wrong record. */
class SegmentDamageTest {

    private static final String KEY = "k";

    private final FileSystem memory = Jimfs.newFileSystem(Configuration.unix());
    private Path root;
    private SegmentWriterForTests one;
    private SegmentWriterForTests two;
    private final Map<Long, Written> written = new HashMap<>();

    @BeforeEach
    void createRoot() throws IOException {
        root = Files.createDirectory(memory.getPath("/log"));
    }

    @AfterEach
    void closeMemory() throws IOException {
        memory.close();
    }

    private void sealedThenOpen() {
        one = fill(SegmentWriterForTests.first(root, KEY)).markLast().seal().write();
        two = fill(one.successor()).markLast().prepare(64).write();
    }

    private SegmentWriterForTests fill(SegmentWriterForTests segment) {
        segment.append(1, new byte[] {1, 2, 3}, new byte[] {4, 5});
        segment.appendBatch(2, "b1", "b2");
        segment.padding(40).append(3, new byte[0], new byte[50]);
        segment.append(4, "last");
        segment.written().forEach(record -> written.put(record.position(), record));
        return segment;
    }

    /** What a scan gives: each record checked against what was written, each error one of the documented ones. */
    private final class Outcome {
        final Set<Long> positions = new HashSet<>();
        final List<WalException> errors = new ArrayList<>();

        Outcome(String what) {
            try (WalReader reader = WalReader.open(root); EntryCursor cursor = reader.scan(KEY)) {
                while (advance(cursor, what)) {
                    Written original = written.get(cursor.position());
                    assertThat(original).as("%s: a record at %s", what, cursor.position()).isNotNull();
                    assertThat(cursor.copy().contentBytes()).as(what).isEqualTo(original.content());
                    assertThat(cursor.copy().headerBytes()).as(what).isEqualTo(original.header());
                    assertThat(cursor.timestampMillis()).as(what).isEqualTo(original.timestampMillis());
                    assertThat(cursor.ref()).as(what).isEqualTo(original.ref());
                    assertThat(positions.add(cursor.position())).as(what).isTrue();
                }
            }
        }

        private boolean advance(EntryCursor cursor, String what) {
            while (true) {
                try {
                    return cursor.next();
                } catch (CorruptSegmentException | UnsupportedFormatException e) {
                    assertThat(e.file()).as(what).isNotNull();
                    assertThat(e.key()).as(what).isEqualTo(KEY);
                    errors.add(e);
                    assertThat(errors.size()).as("%s: %s", what, errors).isLessThan(5);
                }
            }
        }

        void isSoundOrSaysSo(String what) {
            if (positions.size() < written.size()) {
                assertThat(errors).as("%s: %s of %s records and no error", what, positions.size(), written.size()).isNotEmpty();
            }
        }
    }

    private void refsAreSoundOrSaySo(String what) {
        List<Written> all = List.copyOf(written.values());
        try (WalReader reader = WalReader.open(root);
                EntryBatch batch = reader.readBatch(all.stream().map(Written::ref).toList())) {
            for (int i = 0; i < all.size(); i++) {
                if (batch.status(i) == Status.FOUND) {
                    assertThat(batch.get(i).contentBytes()).as(what).isEqualTo(all.get(i).content());
                    assertThat(batch.get(i).headerBytes()).as(what).isEqualTo(all.get(i).header());
                    assertThat(batch.get(i).timestampMillis()).as(what).isEqualTo(all.get(i).timestampMillis());
                } else {
                    assertThat(batch.status(i)).as("%s: %s", what, all.get(i).ref()).isEqualTo(Status.CORRUPT);
                }
            }
        }
    }

    private void othersAreThere(String what, SegmentWriterForTests damaged, Outcome outcome) {
        SegmentWriterForTests other = damaged == one ? two : one;
        assertThat(outcome.positions).as(what)
                .containsAll(other.written().stream().map(Written::position).toList());
    }

    @Tag("exhaustive")
    @Test
    void scan_anyByteChanged_isAnErrorOrUnchanged() {
        sealedThenOpen();
        for (SegmentWriterForTests segment : List.of(one, two)) {
            byte[] sound = segment.bytes();
            for (int at = 0; at < sound.length; at++) {
                boolean padding = segment == one && at > one.tail() + 300 && at < sound.length - 16;
                for (int mask : padding && at % 16 != 0 ? new int[] {} : new int[] {1 << at % 8, 0xFF}) {
                    byte[] changed = sound.clone();
                    changed[at] ^= (byte) mask;
                    segment.write(changed);
                    String what = (segment == one ? "sealed" : "open") + " offset " + at + " mask " + mask;
                    Outcome outcome = new Outcome(what);
                    outcome.isSoundOrSaysSo(what);
                    othersAreThere(what, segment, outcome);
                    refsAreSoundOrSaySo(what);
                }
            }
            segment.write(sound);
        }
        assertThat(new Outcome("restored").positions).hasSameSizeAs(written.keySet());
    }

    @Tag("exhaustive")
    @Test
    void scan_cutAtAnyLength_isAnErrorOrUnchanged() {
        sealedThenOpen();
        for (SegmentWriterForTests segment : List.of(one, two)) {
            byte[] sound = segment.bytes();
            for (int length = sound.length - 1; length >= 0; length -= length > segment.tail() + 64 ? 13 : 1) {
                byte[] cut = Arrays.copyOf(sound, length);
                segment.write(cut);
                String what = (segment == one ? "sealed" : "open") + " cut to " + length;
                Outcome outcome = new Outcome(what);
                outcome.isSoundOrSaysSo(what);
                othersAreThere(what, segment, outcome);
                refsAreSoundOrSaySo(what);
            }
            segment.write(sound);
        }
    }

    @Test
    void scan_absurdLengths_isAnErrorThatAllocatesNothing() {
        sealedThenOpen();
        byte[] sound = one.bytes();
        int record = one.header().headerLength();
        for (int length : new int[] {-1, Integer.MIN_VALUE, Integer.MAX_VALUE, 32 << 20, (32 << 20) + 1, 1 << 30, sound.length}) {
            for (int flags : new int[] {0, RecordLayout.PADDING, RecordLayout.BATCH, RecordLayout.FOOTER, -1}) {
                one.write(sound);
                one.raw().putInt(record + RecordLayout.CONTENT_LENGTH, length).putInt(record + RecordLayout.FLAGS, flags);
                one.write();
                String what = "length " + length + " flags " + flags;
                Outcome outcome = new Outcome(what);
                assertThat(outcome.errors).as(what).isNotEmpty();
                assertThat(outcome.positions).as(what).hasSize(written.size() - 1);
                refsAreSoundOrSaySo(what);
            }
        }
    }

    @Test
    void scan_randomGarbage_isAnError() {
        sealedThenOpen();
        Random random = new Random(11);
        byte[] sound = one.bytes();
        for (int i = 0; i < 500; i++) {
            byte[] changed = sound.clone();
            int from = random.nextInt(sound.length);
            int to = Math.min(sound.length, from + 1 + random.nextInt(300));
            for (int at = from; at < to; at++) {
                changed[at] = (byte) random.nextInt();
            }
            one.write(changed);
            String what = "seed 11 round " + i + " from " + from + " to " + to;
            Outcome outcome = new Outcome(what);
            outcome.isSoundOrSaysSo(what);
            othersAreThere(what, one, outcome);
            refsAreSoundOrSaySo(what);
        }
    }

    @Test
    void everyMethod_damagedSegment_endsWithADocumentedError() {
        sealedThenOpen();
        Random random = new Random(12);
        byte[] sound = two.bytes();
        for (int i = 0; i < 300; i++) {
            byte[] changed = sound.clone();
            for (int n = 0; n < 3; n++) {
                changed[random.nextInt(sound.length)] ^= (byte) (1 << random.nextInt(8));
            }
            two.write(changed);
            try (WalReader reader = WalReader.open(root)) {
                for (Runnable call : List.<Runnable>of(
                        () -> reader.latest(KEY),
                        () -> reader.describe(KEY),
                        () -> reader.verify(KEY),
                        () -> reader.scanLast(KEY, 3).close(),
                        () -> reader.scanLast(KEY, 300).close(),
                        () -> reader.scanFrom(KEY, two.refs().get(2).position()).close())) {
                    try {
                        call.run();
                    } catch (CorruptSegmentException | UnsupportedFormatException | EntryNotFoundException e) {
                        assertThat(e).hasMessageContaining("file=");
                    }
                }
            }
        }
    }

    /** Two records, of which the second is damaged and full of fakes, and one behind it that verifies. */
    private SegmentWriterForTests fakes() {
        SegmentWriterForTests segment = SegmentWriterForTests.first(root, KEY);
        segment.append(1, "before");
        int damaged = segment.tail();
        segment.append(2, new byte[0], FakeRecords.payload(1 << 20));
        segment.append(3, "behind");
        return segment.flip(damaged + RecordLayout.CHECKSUM, 1);
    }

    private void assertDamagedTo(EntryCursor cursor, SegmentWriterForTests segment, long end) {
        assertThat(cursor.next()).isTrue();
        EntryRef damaged = segment.refs().get(1);
        assertThatThrownBy(cursor::next).isInstanceOfSatisfying(CorruptSegmentException.class, e -> {
            assertThat(e.offset()).isEqualTo(segment.header().offsetOf(damaged.position()));
            assertThat(e.offset() + e.length()).isEqualTo(end);
        });
    }

    @Test
    void anyMethod_searchPastDamageGivenUp_tellsOfDamageToTheEnd() {
        SegmentWriterForTests segment = fakes().prepare(64).write();
        try (WalReader reader = WalReader.open(root); EntryCursor cursor = reader.scan(KEY)) {
            assertDamagedTo(cursor, segment, segment.bytes().length);
            assertThat(cursor.next()).isFalse();
            assertThat(cursor.next()).isFalse();
            assertThat(reader.verify(KEY).damage()).hasSize(1);
            assertThatThrownBy(() -> reader.latest(KEY)).isInstanceOf(CorruptSegmentException.class);
            assertThatThrownBy(() -> reader.scanLast(KEY, 2)).isInstanceOf(CorruptSegmentException.class);
            try (EntryBatch batch = reader.readBatch(segment.refs())) {
                assertThat(batch.status(0)).isEqualTo(Status.FOUND);
                assertThat(batch.status(1)).isEqualTo(Status.CORRUPT);
                assertThat(batch.status(2)).as("where it is, is known").isEqualTo(Status.FOUND);
            }
        }
    }

    @Test
    void scan_searchPastDamageGivenUpBelowAFooter_goesOnInTheNextSegment() {
        SegmentWriterForTests segment = fakes().seal().write();
        SegmentWriterForTests next = segment.successor();
        next.append(4, "next");
        next.prepare(64).write();
        try (WalReader reader = WalReader.open(root); EntryCursor cursor = reader.scan(KEY)) {
            assertDamagedTo(cursor, segment, segment.tail());
            assertThat(cursor.next()).isTrue();
            assertThat(cursor.ref()).isEqualTo(next.refs().get(0));
            assertThat(cursor.next()).isFalse();
        }
    }

    @Test
    void scan_searchPastDamageGivenUpWhereNobodyKnowsTheEnd_goesOnInTheNextSegment() {
        SegmentWriterForTests segment = fakes().prepare(4_096).write();
        // the segments between the two have gone
        SegmentWriterForTests later = new SegmentWriterForTests(root, KEY, 128L << 20, 128L << 20);
        later.append(4, "next");
        later.prepare(64).write();
        try (WalReader reader = WalReader.open(root); EntryCursor cursor = reader.scan(KEY)) {
            assertDamagedTo(cursor, segment, segment.bytes().length);
            assertThat(cursor.nextPosition()).isLessThanOrEqualTo(later.header().basePosition());
            assertThat(cursor.next()).isTrue();
            assertThat(cursor.ref()).isEqualTo(later.refs().get(0));
        }
    }
}
