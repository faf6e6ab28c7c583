package dev.streamwal.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.pack.PacksForTests.BytesOf;
import dev.streamwal.pack.PacksForTests.Found;
import dev.streamwal.pack.PacksForTests.Part;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A pack that isn't what was written: what is found is right, all else is an error that names it. */
class PackDamageTest {

    @TempDir
    Path directory;

    private final Map<String, Part> parts = new TreeMap<>();
    private PackFooter footer;

    /** @param count of keys with one record, beside one with two sections and an empty one */
    private byte[] pack(int count) throws IOException {
        Path path = directory.resolve("1.pack");
        for (int i = 0; i < count; i++) {
            String key = String.format("k%04d", i);
            parts.put(key, Part.of(key, i * 64L, i, "value " + i));
        }
        parts.put("empty", Part.of("empty", 1 << 20, 0));
        SegmentHeader one = PacksForTests.header("two", 0, 0);
        SegmentHeader two = PacksForTests.header("two", 8_000, 4_000);
        try (PackWriter writer = PacksForTests.writer(path, 1)) {
            for (Part part : parts.values()) {
                writer.part(part.header(), frames -> frames.frames(ByteBuffer.wrap(part.frames())));
            }
            writer.part(one, frames -> {
                frames.frames(ByteBuffer.wrap(PacksForTests.frames(one, 1, "one")));
                frames.section(two);
                frames.frames(ByteBuffer.wrap(PacksForTests.frames(two, 2, "two")));
            });
            footer = writer.finish(List.of(new PackSource(PackSource.PACK, 7, 8)));
        }
        return Files.readAllBytes(path);
    }

    private List<Found> expected(String key) throws IOException {
        return key.equals("two") ? List.of(new Found(0, 1, "one"), new Found(8_000, 2, "two")) : parts.get(key).records();
    }

    private PackReader open(byte[] file) throws IOException {
        return PackReader.open(new BytesOf(file), directory.resolve("1.pack"), new TableCache(1 << 20));
    }

    /** Reads all there is in every way. Says what was told of damage; fails for a record that wasn't written, or one that is lost silently. */
    private List<WalException> judge(byte[] file, String when) throws IOException {
        List<WalException> told = new ArrayList<>();
        try (PackReader pack = open(file)) {
            assertThat(pack.sources()).as(when).containsExactly(new PackSource(PackSource.PACK, 7, 8));
            Set<String> keys = new HashSet<>(parts.keySet());
            keys.add("two");
            for (String key : keys) {
                try {
                    PackEntry entry = pack.find(StreamKey.of(key)).orElseThrow(() -> new AssertionError("no " + key + ", " + when));
                    assertThat(entry.key().text()).isEqualTo(key);
                    checkRecords(pack.part(entry), key, file, when);
                } catch (WalException e) {
                    told.add(e);
                }
            }
            assertThat(pack.find(StreamKey.of("nothing"))).as(when).isEmpty();
            Set<String> walked = new HashSet<>();
            PackWalk walk = pack.walk();
            boolean isThrough = false;
            boolean hasFailed = false;
            while (!isThrough) {
                try {
                    PackEntry entry = walk.next().orElse(null);
                    isThrough = entry == null;
                    if (entry != null) {
                        assertThat(walked.add(entry.key().text())).as(when).isTrue();
                    }
                } catch (WalException e) {
                    hasFailed = true;
                    told.add(e);
                }
            }
            assertThat(keys).as(when).containsAll(walked);
            if (!hasFailed) {
                assertThat(walked).as(when).isEqualTo(keys);
            }
            pack.header();
        } catch (WalException e) {
            told.add(e);
        }
        for (WalException e : told) {
            assertThat(e).as(when).isInstanceOfAny(CorruptSegmentException.class, UnsupportedFormatException.class);
            assertThat(e.getMessage()).as(when).contains("1.pack").contains("offset=");
        }
        return told;
    }

    /** A frame that was changed isn't found; what is, was written. */
    private void checkRecords(PackPart part, String key, byte[] file, String when) throws IOException {
        List<Found> found = PacksForTests.records(part);
        assertThat(expected(key)).as(when).containsAll(found);
        byte[] bytes = Arrays.copyOfRange(file, (int) part.entry().offset(), (int) (part.entry().offset() + part.entry().storedBytes()));
        if (Arrays.equals(bytes, originals.get(key))) {
            assertThat(found).as(when).isEqualTo(expected(key));
        }
    }

    private final Map<String, byte[]> originals = new TreeMap<>();

    private void remember(byte[] file) throws IOException {
        try (PackReader pack = open(file)) {
            for (PackWalk walk = pack.walk();;) {
                PackEntry entry = walk.next().orElse(null);
                if (entry == null) {
                    return;
                }
                originals.put(entry.key().text(), Arrays.copyOfRange(file, (int) entry.offset(), (int) (entry.offset() + entry.storedBytes())));
            }
        }
    }

    @Test
    void bits_eachOfASmallPackFlipped_giveAnErrorOrTheRightAnswer() throws IOException {
        byte[] file = pack(6);
        remember(file);
        assertThat(judge(file, "as written")).isEmpty();
        for (int offset = 0; offset < file.length; offset++) {
            for (int bit = 0; bit < 8; bit++) {
                byte[] changed = file.clone();
                changed[offset] ^= (byte) (1 << bit);
                String when = "bit " + bit + " of offset " + offset;
                List<WalException> told = judge(changed, when);
                boolean isPart = offset >= PackHeaderLayout.BYTES && offset < footer.tableOffset();
                if (!isPart) {
                    assertThat(told).as(when).isNotEmpty();
                    String what = offset < PackHeaderLayout.BYTES ? "header" : offset < footer.indexOffset() ? "table block of keys=[empty, the last)"
                            : offset < footer.sourcesOffset() ? "block index"
                            : offset < file.length - PackFooterLayout.BYTES ? "sources" : "footer";
                    assertThat(told).as(when).allSatisfy(e -> assertThat(e.getMessage()).contains("in the pack's " + what));
                }
            }
        }
    }

    @Test
    void lengths_allThatAFileCanBeCutTo_areRefused() throws IOException {
        byte[] file = pack(6);
        for (int length = 0; length < file.length; length++) {
            byte[] cut = Arrays.copyOf(file, length);
            assertThatThrownBy(() -> open(cut)).as("length %d", length).isInstanceOf(CorruptSegmentException.class)
                    .hasMessageContaining("1.pack");
        }
        assertThatThrownBy(() -> open(Arrays.copyOf(file, file.length + 8))).isInstanceOf(CorruptSegmentException.class);
    }

    @Test
    void tableBlock_damaged_costsTheKeysOfItsRange() throws IOException {
        byte[] file = pack(1_000);
        remember(file);
        assertThat(footer.tableBlocks()).isGreaterThan(3);
        // a byte in the middle of the second block
        file[(int) footer.tableOffset() + 6_000] ^= 4;
        try (PackReader pack = open(file)) {
            Set<String> lost = new HashSet<>();
            String range = "";
            for (String key : parts.keySet()) {
                try {
                    assertThat(PacksForTests.records(pack.part(pack.find(StreamKey.of(key)).orElseThrow()))).isEqualTo(expected(key));
                } catch (CorruptSegmentException e) {
                    assertThat(e.offset()).isGreaterThan(footer.tableOffset()).isLessThan(footer.tableOffset() + 6_000);
                    assertThat(e.length()).isLessThanOrEqualTo(PackTable.MAX_BLOCK_BYTES);
                    assertThat(e.file()).isEqualTo(directory.resolve("1.pack"));
                    range = e.getMessage().replaceFirst("(?s).*keys=\\[(\\S+), (\\S+)\\).*", "$1 $2");
                    lost.add(key);
                }
            }
            assertThat(lost).hasSizeBetween(100, 400);
            String[] ends = range.split(" ");
            assertThat(lost).allSatisfy(key -> assertThat(key).isBetween(ends[0], ends[1]));
        }
        // the walk tells it once, and goes on
        assertThat(judge(file, "a table block")).hasSizeBetween(101, 401);
    }

    /** Changes the entry's block so that all checksums are right, and what it says isn't. */
    private byte[] withTable(byte[] file, UnaryOperator<byte[]> change) throws IOException {
        byte[] changed = file.clone();
        int from = (int) footer.tableOffset();
        byte[] block = change.apply(Arrays.copyOfRange(file, from, (int) footer.indexOffset()));
        ByteBuffer bytes = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(KeyBlockLayout.CHECKSUM, PackChecksum.of(bytes, KeyBlockLayout.BLOCK_BYTES, block.length));
        System.arraycopy(block, 0, changed, from, block.length);
        return changed;
    }

    @Test
    void tableBlocks_withAnyByteChangedAndARightChecksum_neverLeadToAnotherKeysRecords() throws IOException {
        byte[] file = pack(20);
        remember(file);
        int length = (int) (footer.indexOffset() - footer.tableOffset());
        for (int at = KeyBlockLayout.BLOCK_BYTES; at < length; at++) {
            for (int value : new int[] {0, 1, 2, 5, 8, 0x10, 0x20, 0x7F, 0x80, 0xFF}) {
                int index = at;
                byte[] changed = withTable(file, block -> {
                    block[index] = (byte) value;
                    return block;
                });
                try (PackReader pack = open(changed)) {
                    for (String key : List.of("empty", "k0000", "k0003", "k0015", "k0016", "k0019", "two")) {
                        List<Found> found = List.of();
                        try {
                            PackEntry entry = pack.find(StreamKey.of(key)).orElse(null);
                            found = entry == null ? List.of() : PacksForTests.records(pack.part(entry));
                        } catch (CorruptSegmentException | UnsupportedFormatException e) {
                            assertThat(e.getMessage()).contains("1.pack");
                        }
                        assertThat(expected(key)).as("value %d at %d", value, at).containsAll(found);
                    }
                    PackWalk walk = pack.walk();
                    for (boolean hasMore = true; hasMore; ) {
                        try {
                            hasMore = walk.next().isPresent();
                        } catch (CorruptSegmentException | UnsupportedFormatException e) {
                            assertThat(e.getMessage()).contains("1.pack");
                        }
                    }
                }
            }
        }
    }

    @Test
    void codecs_thatAreReserved_areUnsupportedByName() throws IOException {
        byte[] file = pack(1);
        // the first entry's flags: behind shared, suffix length, suffix
        int flags = KeyBlockLayout.PREFIX_BYTES + 2 + "empty".length();
        for (Map.Entry<Integer, String> codec : Map.of(1, " COLUMNS ", 2, " COLUMNS_DEFLATE ", 3, "codec=3", 0x40, "flags=0x40").entrySet()) {
            byte[] changed = withTable(file, block -> {
                assertThat(block[flags]).isZero();
                block[flags] = codec.getKey().byteValue();
                return block;
            });
            try (PackReader pack = open(changed)) {
                assertThatThrownBy(() -> pack.find(StreamKey.of("empty"))).isInstanceOf(UnsupportedFormatException.class)
                        .hasMessageContaining(codec.getValue());
            }
        }
    }

    private byte[] withFooter(byte[] file, int field, long value, boolean isLong) {
        byte[] changed = file.clone();
        int at = file.length - PackFooterLayout.BYTES;
        ByteBuffer bytes = ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN);
        if (isLong) {
            bytes.putLong(at + field, value);
        } else {
            bytes.putInt(at + field, (int) value);
        }
        bytes.putInt(at + PackFooterLayout.FOOTER_CHECKSUM,
                PackChecksum.without(bytes, at, PackFooterLayout.BYTES, PackFooterLayout.FOOTER_CHECKSUM));
        return changed;
    }

    @Test
    void footer_withFeaturesOrAVersionThatIsUnknown_isUnsupported() throws IOException {
        byte[] file = pack(1);
        for (byte[] newer : List.of(withFooter(file, PackFooterLayout.FEATURE_FLAGS, PackHeaderLayout.PACK | PackHeaderLayout.COLUMNS, false),
                withFooter(file, PackFooterLayout.FEATURE_FLAGS, PackHeaderLayout.PACK | PackHeaderLayout.ENCRYPTED, false),
                withFooter(file, PackFooterLayout.FEATURE_FLAGS, PackHeaderLayout.PACK | 0x100, false),
                withFooter(file, PackFooterLayout.FOOTER_MAGIC, 0x3246_4B50_4D52_5453L, true))) {
            assertThatThrownBy(() -> open(newer)).isInstanceOf(UnsupportedFormatException.class).hasMessageContaining("1.pack");
        }
    }

    @Test
    void footer_withAbsurdLengths_isRefusedAndNothingIsAllocated() throws IOException, ReflectiveOperationException {
        byte[] file = pack(1);
        List<byte[]> absurd = new ArrayList<>();
        for (int field : new int[] {PackFooterLayout.TABLE_OFFSET, PackFooterLayout.INDEX_OFFSET, PackFooterLayout.FILE_LENGTH,
                PackFooterLayout.PARTS, PackFooterLayout.RECORDS, PackFooterLayout.LOGICAL_BYTES}) {
            absurd.add(withFooter(file, field, -1, true));
            absurd.add(withFooter(file, field, Long.MIN_VALUE, true));
        }
        for (int field : new int[] {PackFooterLayout.TABLE_OFFSET, PackFooterLayout.INDEX_OFFSET, PackFooterLayout.FILE_LENGTH}) {
            absurd.add(withFooter(file, field, Long.MAX_VALUE, true));
            absurd.add(withFooter(file, field, Long.MAX_VALUE - 7, true));
            absurd.add(withFooter(file, field, 1L << 39, true));
            absurd.add(withFooter(file, field, 0, true));
        }
        for (int field : new int[] {PackFooterLayout.INDEX_BYTES, PackFooterLayout.SOURCES_BYTES, PackFooterLayout.TABLE_BLOCKS}) {
            for (long value : new long[] {-1, 0, Integer.MAX_VALUE, Integer.MIN_VALUE, 1 << 28}) {
                absurd.add(withFooter(file, field, value, false));
            }
        }
        Object threads = Class.forName("java.lang.management.ManagementFactory").getMethod("getThreadMXBean").invoke(null);
        Method allocated = Class.forName("com.sun.management.ThreadMXBean").getMethod("getCurrentThreadAllocatedBytes");
        assertThatThrownBy(() -> open(absurd.get(0))).isInstanceOf(CorruptSegmentException.class);
        for (int i = 0; i < absurd.size(); i++) {
            long before = (long) allocated.invoke(threads);
            CorruptSegmentException refused = null;
            try {
                open(absurd.get(i)).close();
            } catch (CorruptSegmentException e) {
                refused = e;
            }
            long after = (long) allocated.invoke(threads);
            assertThat(refused).as("absurd footer %d", i).isNotNull();
            assertThat(after - before).as("absurd footer %d", i).isLessThan(200 << 10);
        }
    }

    /** All of a file of 900 GB but its end is a hole: nothing of it is read. */
    @Test
    void file_muchTooLong_isRefused() {
        SegmentBytes endless = new SegmentBytes() {
            @Override
            public int read(ByteBuffer target, long offset) {
                int count = target.remaining();
                target.position(target.limit());
                return count;
            }

            @Override
            public long size() {
                return 1L << 40;
            }
        };
        assertThatThrownBy(() -> PackReader.open(endless, Path.of("1.pack"), new TableCache(0))).isInstanceOf(CorruptSegmentException.class)
                .hasMessageContaining("1 TiB");
    }

    @Test
    void part_thatIsAnothers_isRefused() throws IOException {
        byte[] file = pack(2);
        remember(file);
        // two parts of the same length change places
        try (PackReader pack = open(file)) {
            int one = (int) pack.find(StreamKey.of("k0000")).orElseThrow().offset();
            int other = (int) pack.find(StreamKey.of("k0001")).orElseThrow().offset();
            byte[] changed = file.clone();
            System.arraycopy(file, one, changed, other, other - one);
            System.arraycopy(file, other, changed, one, other - one);
            assertThat(judge(changed, "exchanged")).hasSize(2)
                    .allSatisfy(e -> assertThat(e).hasMessageContaining("names the stream").hasMessageContaining("the other parts can be read"));
        }
    }
}
