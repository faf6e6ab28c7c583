package dev.streamwal.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.Checksums;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.pack.PacksForTests.Found;
import dev.streamwal.pack.PacksForTests.Sample;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A pack that isn't what was written: what is found is right, all else is an error that names it. */
class PackDamageTest {

    @TempDir
    Path directory;

    private final ChannelCache channels = new ChannelCache(1);
    private final Map<String, Sample> samples = new TreeMap<>();
    private PackFooter footer;

    @AfterEach
    void close() {
        channels.close();
    }

    /** @param count of keys with one record, beside an empty one */
    private byte[] pack(int count) throws IOException {
        return pack(count, PacksForTests.packHeader(1));
    }

    private byte[] pack(int count, PackHeader header) throws IOException {
        for (int i = 0; i < count; i++) {
            String key = String.format("k%04d", i);
            // eight bytes: zeros behind a content are under no checksum
            samples.put(key, Sample.of(key, i * 64L, i, String.format("val %04d", i)));
        }
        samples.put("empty", Sample.of("empty", 1 << 20, 0));
        Path path = directory.resolve("1.pack");
        footer = PacksForTests.write(path, header, List.copyOf(samples.values()));
        return Files.readAllBytes(path);
    }

    private PackReader open(byte[] file) throws IOException {
        Path path = directory.resolve("1.pack");
        Files.write(path, file);
        return PacksForTests.open(channels, path);
    }

    /** Reads all there is in every way. Says what was told of damage; fails for a record that wasn't written. */
    private List<WalException> judge(byte[] file, boolean isFramesChanged, String when) throws IOException {
        List<WalException> told = new ArrayList<>();
        try (PackReader pack = open(file)) {
            int lost = 0;
            for (Map.Entry<String, Sample> each : samples.entrySet()) {
                try {
                    List<PackEntry> entries = pack.find(each.getValue().header().key());
                    assertThat(entries).as(when).hasSize(1);
                    assertThat(entries.get(0).key().text()).isEqualTo(each.getKey());
                    List<Found> found = PacksForTests.records(pack, entries.get(0));
                    List<Found> written = each.getValue().records();
                    assertThat(written).as(when).containsAll(found);
                    lost += written.size() - found.size();
                    pack.segmentFooter(entries.get(0));
                } catch (WalException e) {
                    told.add(e);
                }
            }
            assertThat(lost).as(when).isEqualTo(isFramesChanged ? 1 : 0);
            try {
                pack.checkHeader();
            } catch (WalException e) {
                told.add(e);
            }
            assertThat(pack.find(StreamKey.of("nothing"))).as(when).isEmpty();
            Set<String> walked = new HashSet<>();
            PackWalk walk = pack.walk();
            boolean hasFailed = false;
            for (boolean isThrough = false; !isThrough; ) {
                try {
                    isThrough = !walk.next();
                    assertThat(isThrough || walked.add(walk.entry().key().text())).as(when).isTrue();
                } catch (WalException e) {
                    hasFailed = true;
                    told.add(e);
                }
            }
            assertThat(samples.keySet()).as(when).containsAll(walked);
            assertThat(hasFailed || walked.equals(samples.keySet())).as(when).isTrue();
        } catch (WalException e) {
            told.add(e);
        }
        assertThat(told).as(when).allSatisfy(e -> {
            assertThat(e).isInstanceOfAny(CorruptSegmentException.class, UnsupportedFormatException.class);
            assertThat(e.getMessage()).contains("1.pack").contains("offset=");
        });
        return told;
    }

    @Tag("exhaustive")
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void bits_eachOfASmallPackFlipped_giveAnErrorOrTheRightAnswer(boolean isInBlocks) throws IOException {
        PackHeader header = PacksForTests.packHeader(1);
        byte[] file = pack(3, isInBlocks ? header.inBlocks() : header);
        assertThat(judge(file, false, "as written")).isEmpty();
        for (int offset = 0; offset < file.length; offset++) {
            boolean isFrame = offset >= PackHeaderLayout.BYTES && offset < footer.tableOffset();
            for (int bit = 0; bit < 8; bit++) {
                byte[] changed = file.clone();
                changed[offset] ^= (byte) (1 << bit);
                String when = "bit " + bit + " of offset " + offset;
                if (!isFrame) {
                    List<WalException> told = judge(changed, false, when);
                    String what = offset < PackHeaderLayout.BYTES ? "header"
                            : offset < footer.indexOffset() ? "table block of keys=[empty, the last)"
                            : offset < PackFooterLayout.headerAgain(footer) ? "block index"
                            : offset < file.length - PackFooterLayout.BYTES ? "second header" : "footer";
                    assertThat(told).as(when).isNotEmpty().allSatisfy(e -> assertThat(e.getMessage()).contains("in the pack's " + what));
                } else {
                    assertThat(judge(changed, true, when)).as(when).isEmpty();
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
        assertThat(footer.tableBlocks()).isGreaterThan(3);
        // a byte in the middle of the second block
        file[(int) footer.tableOffset() + 6_000] ^= 4;
        try (PackReader pack = open(file)) {
            Set<String> lost = new HashSet<>();
            String range = "";
            for (Sample sample : samples.values()) {
                try {
                    assertThat(PacksForTests.records(pack, pack.find(sample.header().key()).get(0))).isEqualTo(sample.records());
                } catch (CorruptSegmentException e) {
                    assertThat(e.offset()).isGreaterThan(footer.tableOffset()).isLessThan(footer.tableOffset() + 6_000);
                    assertThat(e.length()).isLessThanOrEqualTo(PackTable.MAX_BLOCK_BYTES);
                    range = e.getMessage().replaceFirst("(?s).*keys=\\[(\\S+), (\\S+)\\).*", "$1 $2");
                    lost.add(sample.header().key().text());
                }
            }
            assertThat(lost).hasSizeBetween(50, 400);
            String[] ends = range.split(" ");
            assertThat(lost).allSatisfy(key -> assertThat(key).isBetween(ends[0], ends[1]));
        }
    }

    @Test
    void indexOfASegment_damaged_isToldAndTheSegmentCanBeRead() throws IOException {
        String[] contents = new String[100];
        Arrays.fill(contents, "x".repeat(1_000));
        Sample large = Sample.of("z", 8, 1, contents);
        samples.put("z", large);
        byte[] file = pack(1);
        PackEntry entry;
        try (PackReader pack = open(file)) {
            entry = pack.find(StreamKey.of("z")).get(0);
        }
        for (int at = 0; at < entry.indexBytes(); at++) {
            byte[] changed = file.clone();
            changed[(int) entry.offset() + entry.dataBytes() + at] ^= 4;
            try (PackReader pack = open(changed)) {
                assertThatThrownBy(() -> pack.segmentFooter(entry)).as("byte %d", at).isInstanceOf(CorruptSegmentException.class)
                        .hasMessageContaining("1.pack");
                assertThat(PacksForTests.records(pack, entry)).hasSize(100);
            }
        }
    }

    /** As for a record in the middle of a block, by its reference, or when records behind damage are looked for. */
    @Test
    void block_damagedAndReadFromItsMiddle_readsAsNoFrame() throws IOException {
        String[] contents = new String[300];
        for (int i = 0; i < contents.length; i++) {
            contents[i] = String.format("value %04d", i);
        }
        samples.put("z", Sample.of("z", 8, 1, contents));
        byte[] file = pack(1, PacksForTests.packHeader(1).inBlocks());
        PackEntry entry;
        try (PackReader pack = open(file)) {
            entry = pack.find(StreamKey.of("z")).get(0);
        }
        assertThat(entry.extent().isAsTheyAre()).isFalse();
        assertThat(entry.extent().listBytes()).as("one block").isZero();
        file[(int) entry.offset() + 20] ^= 4;
        try (PackReader pack = open(file); PackedBytes bytes = pack.open(entry)) {
            for (int at = entry.headerLength(); at < entry.dataEnd(); at += 8) {
                ByteBuffer frames = ByteBuffer.allocate(8);
                assertThat(bytes.read(frames, at)).isEqualTo(8);
                assertThat(frames.array()).as("offset %d", at).containsOnly(0xFF);
            }
        }
    }

    /** Not what a disk does: what it makes up is refused, or leads to no more than a segment may have. */
    @Test
    void tableBlocks_withAnyByteChangedAndARightChecksum_areRefusedOrStayWithinTheFile() throws IOException {
        byte[] file = pack(4);
        int from = (int) footer.tableOffset();
        int length = (int) (footer.indexOffset() - from);
        Set<Found> written = new HashSet<>();
        for (Sample sample : samples.values()) {
            written.addAll(sample.records());
        }
        for (int at = KeyBlockLayout.BLOCK_BYTES; at < length; at++) {
            for (int value : new int[] {0, 1, 2, 5, 8, 0x20, 0x7F, 0x80, 0xFF}) {
                byte[] changed = file.clone();
                changed[from + at] = (byte) value;
                ByteBuffer block = ByteBuffer.wrap(changed, from, length).slice().order(ByteOrder.LITTLE_ENDIAN);
                block.putInt(KeyBlockLayout.CHECKSUM, Checksums.of(block, KeyBlockLayout.BLOCK_BYTES, length));
                try (PackReader pack = open(changed)) {
                    PackWalk walk = pack.walk();
                    for (boolean hasMore = true; hasMore; ) {
                        try {
                            hasMore = walk.next();
                            if (hasMore) {
                                PackEntry entry = walk.entry();
                                assertThat(entry.offset() + entry.dataBytes() + entry.indexBytes()).isLessThanOrEqualTo(footer.tableOffset());
                                assertThat(written).containsAll(PacksForTests.records(pack, entry));
                                pack.segmentFooter(entry);
                            }
                        } catch (CorruptSegmentException | UnsupportedFormatException e) {
                            assertThat(e.getMessage()).contains("1.pack");
                        }
                    }
                }
            }
        }
    }

    private static byte[] withFooter(byte[] file, int field, long value, boolean isLong) {
        byte[] changed = file.clone();
        int at = file.length - PackFooterLayout.BYTES;
        ByteBuffer bytes = ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN);
        if (isLong) {
            bytes.putLong(at + field, value);
        } else {
            bytes.putInt(at + field, (int) value);
        }
        bytes.putInt(at + PackFooterLayout.FOOTER_CHECKSUM,
                Checksums.without(bytes, at, PackFooterLayout.BYTES, PackFooterLayout.FOOTER_CHECKSUM));
        return changed;
    }

    /** Where only the header at the beginning is damaged, all can be read, and who verifies says so. */
    @Test
    void header_damaged_costsNothing() throws IOException {
        byte[] file = pack(6);
        file[40] ^= 1;
        assertThat(judge(file, false, "header")).singleElement()
                .satisfies(e -> assertThat(e.getMessage()).contains("in the pack's header", "offset=0", "the pack can be read"));
    }

    /** Packs that were written before they had their header twice: read as ever, and by one read more. */
    @Test
    void pack_withoutASecondHeader_isRead() throws IOException {
        byte[] file = pack(6);
        byte[] before = PacksForTests.withoutSecondHeader(file, footer);
        assertThat(before).hasSize(file.length - PackHeaderLayout.BYTES);
        assertThat(judge(before, false, "as written before")).isEmpty();
        try (PackReader pack = open(before)) {
            assertThat(pack.footer().repeatsHeader()).isFalse();
        }
        before[40] ^= 1;
        assertThatThrownBy(() -> open(before)).isInstanceOf(CorruptSegmentException.class).hasMessageContaining("in the pack's header");
    }

    @Test
    void footer_ofAVersionThatIsUnknown_isUnsupported() throws IOException {
        byte[] newer = withFooter(pack(1), PackFooterLayout.FOOTER_MAGIC, 0x3346_4B50_4D52_5453L, true);
        assertThatThrownBy(() -> open(newer)).isInstanceOf(UnsupportedFormatException.class).hasMessageContaining("1.pack");
    }

    @Test
    void footer_withAbsurdLengths_isRefusedAndNothingIsAllocated() throws IOException, ReflectiveOperationException {
        byte[] file = pack(1);
        List<byte[]> absurd = new ArrayList<>();
        for (int field : new int[] {PackFooterLayout.TABLE_OFFSET, PackFooterLayout.INDEX_OFFSET, PackFooterLayout.FILE_LENGTH}) {
            for (long value : new long[] {-1, 0, Long.MIN_VALUE, Long.MAX_VALUE, Long.MAX_VALUE - 7, 1L << 39}) {
                absurd.add(withFooter(file, field, value, true));
            }
        }
        for (int field : new int[] {PackFooterLayout.SEGMENTS, PackFooterLayout.RECORDS, PackFooterLayout.DATA_BYTES}) {
            absurd.add(withFooter(file, field, -1, true));
            absurd.add(withFooter(file, field, Long.MIN_VALUE, true));
        }
        for (int field : new int[] {PackFooterLayout.INDEX_BYTES, PackFooterLayout.TABLE_BLOCKS}) {
            for (long value : new long[] {-1, 0, Integer.MAX_VALUE, Integer.MIN_VALUE, 1 << 25}) {
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
}
