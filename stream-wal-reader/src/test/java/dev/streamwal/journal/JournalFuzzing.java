package dev.streamwal.journal;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.samples.JournalSamples;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * What must hold of a journal and a frontier of any bytes. The first byte says how the others are taken; where checksums are put right
 * first, a fuzzer gets behind them.
 */
public final class JournalFuzzing {

    private static final FileSystem MEMORY = Jimfs.newFileSystem(Configuration.unix());

    private final Path root;
    private long handedOut;
    private boolean isDamaged;

    private JournalFuzzing(Path root) {
        this.root = root;
    }

    /** @throws AssertionError where something doesn't hold */
    public static void scan(byte[] data) throws IOException {
        if (data.length < 2) {
            return;
        }
        byte[] bytes = Arrays.copyOfRange(data, 2, data.length);
        JournalFuzzing journal = new JournalFuzzing(MEMORY.getPath("/log"));
        int first = 1 + (data[1] & 7);
        switch (data[0] & 3) {
            case 0 -> journal.scan(first, bytes);
            case 1 -> journal.scan(first, repaired(bytes));
            case 2 -> {
                int middle = (int) ((long) bytes.length * (data[1] & 0xFF) / 256) & -8;
                journal.scan(first, repaired(Arrays.copyOf(bytes, middle)), repaired(Arrays.copyOfRange(bytes, middle, bytes.length)));
            }
            default -> {
                frontier(bytes);
                frontier(repairedFrontier(bytes));
            }
        }
    }

    private static void frontier(byte[] bytes) {
        Frontier frontier;
        try {
            frontier = FrontierLayout.decode(bytes);
        } catch (FormatException e) {
            return;
        }
        try {
            require(FrontierLayout.decode(FrontierLayout.encode(frontier).array()).equals(frontier), "a frontier comes back");
        } catch (FormatException e) {
            throw new AssertionError("a frontier comes back", e);
        }
    }

    private void scan(int firstSequence, byte[]... files) throws IOException {
        Files.createDirectories(JournalFiles.directory(root));
        for (Path old : JournalFiles.list(root)) {
            Files.delete(old);
        }
        long longest = 0;
        for (int number = 0; number < files.length; number++) {
            Files.write(JournalFiles.path(root, number), files[number]);
            longest = Math.max(longest, files[number].length);
        }
        Frontier frontier = new Frontier(JournalSamples.JOURNAL_ID, firstSequence, List.of());
        try {
            end(frontier, false, longest);
            boolean stops = isDamaged;
            JournalEnd passed = end(frontier, true, longest);
            require(isDamaged == stops, "damage is found whether it stops the scan or not");
            require(end(frontier, true, longest).equals(passed), "a scan finds the same again");
        } catch (UnsupportedFormatException e) {
            // a kind of entry that nobody knows yet
        }
    }

    private JournalEnd end(Frontier frontier, boolean skips, long longest) throws IOException {
        handedOut = 0;
        isDamaged = false;
        JournalEnd end = new JournalScan(root, frontier).scan(new JournalVisitor() {
            @Override
            public void bytes(SegmentHeader segment, int offset, ByteBuffer frames) {
                handedOut += frames.remaining();
                require(offset >= segment.headerLength() && offset <= segment.capacity() - frames.remaining(),
                        "frames fit their segment");
            }

            @Override
            public void deletedBelow(StreamKey key, long position) {
                require(position >= 0, "positions are not negative");
            }

            @Override
            public void truncated(StreamKey key, long from, long to) {
                require(from >= 0 && from <= to, "what is cut ends behind its beginning");
            }

            @Override
            public boolean damaged(JournalDamage damage) {
                isDamaged = true;
                require(damage.offset() >= 0 && damage.length() >= 0 && damage.offset() + damage.length() <= longest,
                        "damage is in its file");
                return skips;
            }
        });
        require(handedOut <= end.bytes() && end.bytes() <= longest * end.files().size(), "no more is handed out than there is");
        end.next().ifPresent(next -> require(next.offset() <= longest, "the journal goes on in a file"));
        require(end.nextSequence() >= frontier.firstSequence(), "sequences only grow");
        return end;
    }

    private static byte[] repaired(byte[] file) {
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; file.length - at >= JournalBlockLayout.PREFIX_BYTES; ) {
            int length = bytes.getInt(at + JournalBlockLayout.LENGTH);
            if (bytes.getLong(at) != JournalBlockLayout.MAGIC_VALUE || length <= JournalBlockLayout.PREFIX_BYTES || length % 8 != 0
                    || length > file.length - at) {
                at += 8;
                continue;
            }
            repairHeaders(bytes, at + JournalBlockLayout.PREFIX_BYTES, at + length);
            bytes.putLong(at + JournalBlockLayout.JOURNAL_ID, JournalSamples.JOURNAL_ID);
            CRC32C crc = new CRC32C();
            crc.update(file, at, JournalBlockLayout.CHECKSUM);
            crc.update(file, at + JournalBlockLayout.PREFIX_BYTES, length - JournalBlockLayout.PREFIX_BYTES);
            bytes.putInt(at + JournalBlockLayout.CHECKSUM, (int) crc.getValue());
            at += length;
        }
        return file;
    }

    private static void repairHeaders(ByteBuffer bytes, int from, int to) {
        for (int at = from; to - at >= JournalEntryLayout.PREFIX_BYTES; ) {
            int length = bytes.getInt(at + JournalEntryLayout.PAYLOAD_LENGTH);
            if (length < 0 || JournalEntryLayout.entryBytes(length) > to - at) {
                return;
            }
            int header = length - 8;
            if (bytes.get(at) == JournalEntryLayout.SEGMENT && header >= SegmentHeaderLayout.MIN_BYTES) {
                int start = at + JournalEntryLayout.PREFIX_BYTES + 8;
                byte[] copy = Arrays.copyOfRange(bytes.array(), start, start + header);
                ByteBuffer.wrap(copy).putInt(SegmentHeaderLayout.HEADER_CHECKSUM, 0).putInt(SegmentHeaderLayout.MARK, 0);
                CRC32C crc = new CRC32C();
                crc.update(copy);
                bytes.putInt(start + SegmentHeaderLayout.HEADER_CHECKSUM, (int) crc.getValue());
            }
            at += (int) JournalEntryLayout.entryBytes(length);
        }
    }

    private static byte[] repairedFrontier(byte[] file) {
        if (file.length >= FrontierLayout.FIXED_BYTES) {
            ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
            bytes.putInt(FrontierLayout.LENGTH, file.length).putInt(FrontierLayout.CHECKSUM, 0);
            CRC32C crc = new CRC32C();
            crc.update(file);
            bytes.putInt(FrontierLayout.CHECKSUM, (int) crc.getValue());
        }
        return file;
    }

    private static void require(boolean fact, String rule) {
        if (!fact) {
            throw new AssertionError(rule);
        }
    }
}
