package dev.streamwal.recovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.io.BytesInMemory;
import dev.streamwal.journal.FrontierSegment;
import dev.streamwal.recovery.JournalledLog.Content;
import dev.streamwal.segment.SegmentEnd;
import dev.streamwal.storage.ChannelStorage;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every byte of a journal and of its frontier changed, and each of its files cut anywhere: what the redo then does, under both policies.
 */
class JournalDamageTest {

    private static final int FILE_BYTES = 700;
    private static final String FIRST = "commit/00000000.journal";
    private static final String SECOND = "commit/00000001.journal";
    private static final String FRONTIER = "commit/frontier";

    private final FileSystem memory = Jimfs.newFileSystem(Configuration.unix());
    private final ChannelStorage storage = new ChannelStorage();
    private Path root;
    private Map<String, byte[]> before;
    private Map<String, byte[]> after;
    /** What each segment may have at most. */
    private final Map<String, byte[]> full = new HashMap<>();
    private int firstEnd;
    private int lastBlock;
    private int secondEnd;

    @BeforeEach
    void makeLog() throws IOException {
        root = Files.createDirectory(memory.getPath("/log"));
        JournalledLog log = new JournalledLog(root);
        Files.delete(log.journal.path(0));
        log.journal.file(0, FILE_BYTES);
        Content a = new Content("a", 0);
        Content b = new Content("b", 0);
        Content missing = new Content("c", 0);
        Content deleted = new Content("d", 0);
        Content cut = new Content("e", 0);
        deleted.append(1);
        cut.append(1);
        long position = cut.header.positionAt(cut.end());
        cut.append(1);
        log.write(a.header, a.all());
        log.write(b.header, Arrays.copyOf(b.all(), 50));
        log.write(deleted.header, deleted.all());
        log.write(cut.header, cut.sealed());
        log.journal.frontier(1, List.of(new FrontierSegment(deleted.header.key(), 0, deleted.header.salt(), deleted.end())));
        log.commit(a, 1);
        log.commit(b, 1);
        firstEnd = log.journal.offset();
        log.journal.file(1, FILE_BYTES);
        log.commit(missing, 1);
        log.journal.deletedBelow("d", 1).truncated("e", position, 1 << 20).commit();
        lastBlock = log.journal.offset();
        log.commit(a, 1);
        secondEnd = log.journal.offset();
        assertThat(Math.max(firstEnd, secondEnd)).isLessThan(FILE_BYTES - 8);
        for (Content content : List.of(a, b, missing, deleted)) {
            full.put(name(log, content.header), content.all());
        }
        full.put(name(log, cut.header), cut.sealed());
        before = JournalledLog.files(root);
        redo(false);
        after = JournalledLog.files(root);
    }

    @AfterEach
    void close() throws IOException {
        memory.close();
    }

    private String name(JournalledLog log, SegmentHeader header) {
        return root.relativize(log.path(header)).toString();
    }

    private RedoResult redo(boolean skips) throws IOException {
        return new JournalRedo(storage, root, false, false, skips).run();
    }

    private static Map<String, byte[]> segments(Map<String, byte[]> files) {
        Map<String, byte[]> segments = new TreeMap<>(files);
        segments.keySet().removeIf(name -> !name.startsWith("segments/"));
        return segments;
    }

    /** What must become of it. */
    private enum Expected { AS_WITHOUT_DAMAGE, WITHOUT_THE_LAST_BLOCK, ERROR }

    private static Map<String, byte[]> with(Map<String, byte[]> files, String name, byte[] content) {
        Map<String, byte[]> changed = new TreeMap<>(files);
        changed.put(name, content);
        return changed;
    }

    private void checkBoth(Map<String, byte[]> damaged, Expected expected, String what) throws IOException {
        for (boolean skips : new boolean[] {false, true}) {
            JournalledLog.restore(root, damaged);
            check(damaged, expected, skips, what + (skips ? ", skipping" : ""));
        }
    }

    private void check(Map<String, byte[]> damaged, Expected expected, boolean skips, String what) throws IOException {
        RedoResult result;
        try {
            result = redo(skips);
        } catch (CorruptSegmentException e) {
            assertThat(expected).as(what).isEqualTo(Expected.ERROR);
            assertThat(skips).as(what).isFalse();
            assertSame(JournalledLog.files(root), damaged, what);
            return;
        }
        Map<String, byte[]> found = JournalledLog.files(root);
        switch (expected) {
            case AS_WITHOUT_DAMAGE -> {
                assertThat(result.damages()).as(what).isEmpty();
                assertSame(segments(found), segments(after), what);
            }
            case WITHOUT_THE_LAST_BLOCK -> {
                assertThat(result.damages()).as(what).isEmpty();
                assertThat(result.end().orElseThrow().nextSequence()).as(what).isLessThanOrEqualTo(5);
            }
            case ERROR -> {
                assertThat(skips).as("%s: there is no error", what).isTrue();
                assertThat(result.damages()).as(what).isNotEmpty();
                assertThat(found.keySet()).as(what).anyMatch(name -> name.startsWith("quarantine/"));
            }
        }
        segments(found).forEach((name, bytes) -> assertNoWrongByte(name, bytes, what));
        if (skips) {
            redo(true);
            assertSame(JournalledLog.files(root), found, what + ", again");
        }
    }

    private static void assertSame(Map<String, byte[]> found, Map<String, byte[]> expected, String what) {
        boolean same = found.keySet().equals(expected.keySet())
                && found.entrySet().stream().allMatch(file -> Arrays.equals(file.getValue(), expected.get(file.getKey())));
        if (!same) {
            assertThat(found).as(what).containsExactlyEntriesOf(expected);
        }
    }

    private void assertNoWrongByte(String name, byte[] bytes, String what) {
        byte[] right = full.get(name);
        assertThat(right).as("%s: file %s", what, name).isNotNull();
        byte[] old = before.getOrDefault(name, new byte[0]);
        int dataEnd = name.endsWith(".seg") ? endOfCut(bytes) : -1;
        for (int i = 0; i < bytes.length && (dataEnd < 0 || i < dataEnd); i++) {
            boolean isRight = (i < right.length && bytes[i] == right[i]) || (i < old.length && bytes[i] == old[i]) || bytes[i] == 0
                    || (dataEnd >= 0 && saysThatItWasCut(i));
            if (!isRight) {
                fail(what + ": " + name + " has a wrong byte at " + i);
            }
        }
    }

    /** Where the data ends of a segment that was cut, which may have another footer behind it; -1 where it wasn't. */
    private static int endOfCut(byte[] bytes) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        try {
            SegmentHeader header = SegmentHeaderLayout.decode(buffer, bytes.length);
            if (!header.isCut()) {
                return -1;
            }
            return (int) SegmentEnd.read(new BytesInMemory(0, buffer), header).offset();
        } catch (FormatException | IOException e) {
            return -1;
        }
    }

    /** Checksum, flags and mark of a segment's header. */
    private static boolean saysThatItWasCut(int offset) {
        return (offset >= SegmentHeaderLayout.HEADER_CHECKSUM && offset < SegmentHeaderLayout.FEATURE_FLAGS + Integer.BYTES)
                || (offset >= SegmentHeaderLayout.MARK && offset < SegmentHeaderLayout.MARK + Integer.BYTES);
    }

    private Expected expectedAt(String file, int offset) {
        return switch (file) {
            case FIRST -> offset < firstEnd ? Expected.ERROR : Expected.AS_WITHOUT_DAMAGE;
            case SECOND -> offset < lastBlock ? Expected.ERROR
                    : offset < secondEnd ? Expected.WITHOUT_THE_LAST_BLOCK
                    : Expected.AS_WITHOUT_DAMAGE;
            default -> Expected.ERROR;
        };
    }

    @Tag("exhaustive")
    @ParameterizedTest
    @ValueSource(strings = {FIRST, SECOND, FRONTIER})
    void run_anyByteChanged_isToldAndNeverAWrongByteIsWritten(String file) throws IOException {
        byte[] bytes = before.get(file);
        for (int offset = 0; offset < bytes.length; offset++) {
            for (int change : new int[] {0x01, 0xFF}) {
                byte[] changed = bytes.clone();
                changed[offset] ^= (byte) change;
                checkBoth(with(before, file, changed), expectedAt(file, offset), file + "@" + offset + "^" + change);
            }
        }
    }

    @Tag("exhaustive")
    @ParameterizedTest
    @ValueSource(strings = {FIRST, SECOND, FRONTIER})
    void run_anyFileCutAnywhere_isToldAndNeverAWrongByteIsWritten(String file) throws IOException {
        byte[] bytes = before.get(file);
        for (int length = 0; length < bytes.length; length++) {
            // what is lost at the end of the last file may as well never have been written
            Expected expected = file.equals(SECOND) && length < secondEnd ? Expected.WITHOUT_THE_LAST_BLOCK : expectedAt(file, length);
            checkBoth(with(before, file, Arrays.copyOf(bytes, length)), expected, file + " cut to " + length);
        }
    }

    @Tag("exhaustive")
    @Test
    void run_anyByteChanged_allocatesNoMoreThanWithoutDamage() throws IOException, ReflectiveOperationException {
        Memory memoryUse = new Memory();
        List<String> files = List.of(FIRST, SECOND, FRONTIER);
        long usual = 0;
        for (int i = 0; i < 20; i++) {
            usual = Math.max(usual, allocated(memoryUse, before));
        }
        for (String file : files) {
            byte[] bytes = before.get(file);
            byte[] first = bytes.clone();
            first[0] ^= 1;
            // loads what only damage needs, and makes the zeros that all files of a process are filled up with
            JournalledLog.restore(root, with(before, file, first));
            redo(true);
            for (int offset = 0; offset < bytes.length; offset++) {
                byte[] changed = bytes.clone();
                changed[offset] = (byte) (changed[offset] == 0x7F ? 0x7E : 0x7F);
                assertThat(allocated(memoryUse, with(before, file, changed))).as("%s@%s", file, offset).isLessThan(2 * usual + 200_000);
            }
        }
    }

    private long allocated(Memory memoryUse, Map<String, byte[]> files) throws IOException, ReflectiveOperationException {
        JournalledLog.restore(root, files);
        long start = memoryUse.heap();
        long direct = memoryUse.direct();
        try {
            redo(true);
        } finally {
            assertThat(memoryUse.direct() - direct).as("direct memory").isLessThan(6L * FILE_BYTES);
        }
        return memoryUse.heap() - start;
    }

    /** By reflection, as the module under test doesn't read the one that tells. */
    private static final class Memory {
        private final Object threads;
        private final Method allocatedByCurrentThread;
        private final Object directPool;
        private final Method totalCapacity;

        Memory() throws ReflectiveOperationException {
            Class<?> factory = Class.forName("java.lang.management.ManagementFactory");
            threads = factory.getMethod("getThreadMXBean").invoke(null);
            allocatedByCurrentThread = Class.forName("com.sun.management.ThreadMXBean").getMethod("getCurrentThreadAllocatedBytes");
            Class<?> poolType = Class.forName("java.lang.management.BufferPoolMXBean");
            List<Object> pools = new ArrayList<>((List<?>) factory.getMethod("getPlatformMXBeans", Class.class).invoke(null, poolType));
            pools.removeIf(pool -> !nameOf(poolType, pool).equals("direct"));
            directPool = pools.get(0);
            totalCapacity = poolType.getMethod("getTotalCapacity");
        }

        private static String nameOf(Class<?> poolType, Object pool) {
            try {
                return (String) poolType.getMethod("getName").invoke(pool);
            } catch (ReflectiveOperationException e) {
                throw new AssertionError(e);
            }
        }

        long heap() throws ReflectiveOperationException {
            return (long) allocatedByCurrentThread.invoke(threads);
        }

        long direct() throws ReflectiveOperationException {
            return (long) totalCapacity.invoke(directPool);
        }
    }
}
