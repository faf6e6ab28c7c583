package dev.streamwal.segment;

import dev.streamwal.catalog.PositionsReader;
import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.format.BatchLayout;
import dev.streamwal.format.FooterLayout;
import dev.streamwal.format.PaddingLayout;
import dev.streamwal.format.Positions;
import dev.streamwal.format.PositionsLayout;
import dev.streamwal.format.RecordChecksum;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.reader.EntryRef;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Writes a valid segment file straight from the layouts, so that reading is tested without the writer. */
public final class SegmentWriterForTests {

    private static final long RETENTION = 1_000_000;

    /** A data record as it was written. */
    public record Written(EntryRef ref, long timestampMillis, byte[] header, byte[] content) {
        public long position() {
            return ref.position();
        }
    }

    private final Path root;
    private SegmentHeader header;
    private ByteBuffer bytes;
    private int tail;
    private int lastSize;
    private final SegmentIndex index = new SegmentIndex();
    private final List<Written> written = new ArrayList<>();
    private int prepared;

    public SegmentWriterForTests(Path root, String key, long basePosition, long previousEnd) {
        this(root, key, basePosition, previousEnd, 64 << 20);
    }

    public SegmentWriterForTests(Path root, String key, long basePosition, long previousEnd, int capacity) {
        this.root = root;
        Window window = new Window(0, 1_000);
        this.header = new SegmentHeader(StreamKey.of(key), window, 1_000 + RETENTION, basePosition, previousEnd, 1,
                0x5A17_0000_0000L ^ basePosition * 0x9E37_79B9_7F4A_7C15L, 0, capacity, 0, 0);
        this.bytes = ByteBuffer.allocate(8 << 10).order(ByteOrder.LITTLE_ENDIAN);
        this.tail = header.headerLength();
        putHeader();
    }

    /** A first segment at position 0. */
    public static SegmentWriterForTests first(Path root, String key) {
        return new SegmentWriterForTests(root, key, 0, 0);
    }

    /** The segment that follows without a gap. */
    public SegmentWriterForTests successor() {
        return new SegmentWriterForTests(root, key(), end(), end(), header.capacity());
    }

    public SegmentWriterForTests window(long start, long end) {
        header = new SegmentHeader(header.key(), new Window(start, end), end + RETENTION, header.basePosition(), header.previousEnd(),
                header.incarnation(), header.salt(), 0, header.capacity(), 0, 0);
        putHeader();
        return this;
    }

    public SegmentWriterForTests incarnation(long incarnation) {
        header = new SegmentHeader(header.key(), header.window(), header.expirationMillis(), header.basePosition(), header.previousEnd(),
                incarnation, header.salt(), 0, header.capacity(), 0, 0);
        putHeader();
        return this;
    }

    private void putHeader() {
        bytes.put(0, SegmentHeaderLayout.encode(header), 0, header.headerLength());
    }

    public String key() {
        return header.key().text();
    }

    public SegmentHeader header() {
        return header;
    }

    /** Stream position behind the last record. */
    public long end() {
        return header.positionAt(tail);
    }

    /** Offset behind the last record. */
    public int tail() {
        return tail;
    }

    public List<Written> written() {
        return written;
    }

    public List<EntryRef> refs() {
        return written.stream().map(Written::ref).toList();
    }

    public Written append(long timestampMillis, String content) {
        return append(timestampMillis, new byte[0], content.getBytes(StandardCharsets.UTF_8));
    }

    public Written append(long timestampMillis, byte[] recordHeader, byte[] content) {
        return append(timestampMillis, recordHeader, content, 0);
    }

    public Written append(long timestampMillis, byte[] recordHeader, byte[] content, int flags) {
        EntryRef ref = frame(timestampMillis, recordHeader, content, flags);
        Written record = new Written(ref, timestampMillis, recordHeader, content);
        written.add(record);
        index.add((int) header.offsetOf(ref.position()), timestampMillis);
        return record;
    }

    /** Records of a given number, content size and timestamp step. */
    public SegmentWriterForTests fill(int records, int contentBytes, long firstTimestamp) {
        for (int i = 0; i < records; i++) {
            byte[] content = new byte[contentBytes];
            Arrays.fill(content, (byte) i);
            append(firstTimestamp + i, new byte[0], content);
        }
        return this;
    }

    private EntryRef frame(long timestampMillis, byte[] recordHeader, byte[] content, int flags) {
        int frame = (int) RecordLayout.frameBytes(recordHeader.length, content.length);
        room(frame);
        bytes.put(tail + RecordLayout.PREFIX_BYTES, recordHeader);
        bytes.put(tail + RecordLayout.PREFIX_BYTES + recordHeader.length, content);
        RecordChecksum checksum = new RecordChecksum();
        checksum.reset();
        checksum.update(recordHeader, 0, recordHeader.length);
        checksum.update(content, 0, content.length);
        long word = RecordLayout.commitWord(recordHeader.length);
        int crc = checksum.finish(header.salt(), end(), word, content.length, flags, lastSize, timestampMillis);
        RecordLayout.encodePrefix(bytes, tail, content.length, flags, crc, lastSize, timestampMillis);
        bytes.putLong(tail, word);
        EntryRef ref = new EntryRef(key(), end(), frame);
        tail += frame;
        lastSize = frame;
        return ref;
    }

    public List<Written> appendBatch(long timestampMillis, String... contents) {
        int memberBytes = 0;
        for (String content : contents) {
            memberBytes += (int) RecordLayout.frameBytes(0, content.getBytes(StandardCharsets.UTF_8).length);
        }
        byte[] facts = new byte[BatchLayout.CONTENT_BYTES];
        BatchLayout.encode(facts, contents.length, memberBytes);
        frame(timestampMillis, new byte[0], facts, RecordLayout.BATCH);
        List<Written> members = new ArrayList<>();
        for (String content : contents) {
            members.add(append(timestampMillis, new byte[0], content.getBytes(StandardCharsets.UTF_8), RecordLayout.MEMBER));
        }
        return members;
    }

    public SegmentWriterForTests padding(int frameBytes) {
        room(frameBytes);
        bytes.put(tail, PaddingLayout.encodePrefix(frameBytes, lastSize, header.salt(), end()), 0, RecordLayout.PREFIX_BYTES);
        tail += frameBytes;
        lastSize = frameBytes;
        return this;
    }

    /** A slot that was reserved and not published. */
    public SegmentWriterForTests hole(int frameBytes) {
        room(frameBytes);
        tail += frameBytes;
        lastSize = frameBytes;
        return this;
    }

    /** Zeros behind the data, as an open segment has them. */
    public SegmentWriterForTests prepare(int zeros) {
        prepared = zeros;
        room(zeros);
        return this;
    }

    /** The mark at the last record, as closing leaves it. */
    public SegmentWriterForTests markLast() {
        return mark(tail - lastSize);
    }

    public SegmentWriterForTests mark(int offset) {
        bytes.putInt(SegmentHeaderLayout.MARK, offset);
        return this;
    }

    /** Puts the footer behind the data. */
    public SegmentWriterForTests seal() {
        ByteBuffer footer = FooterLayout.encode(header, tail, lastSize, index);
        room(footer.capacity());
        bytes.put(tail, footer, 0, footer.capacity());
        prepared = footer.capacity();
        return this;
    }

    /** What the footer will say; for footers that lie. */
    public SegmentIndex index() {
        return index;
    }

    /** Gives the last record that was appended other flags, and the checksum that goes with them. */
    public SegmentWriterForTests flags(Written last, int flags) {
        tail -= lastSize;
        int size = lastSize;
        lastSize = bytes.getInt(tail + RecordLayout.PREVIOUS_SIZE);
        frame(last.timestampMillis(), last.header(), last.content(), flags);
        lastSize = size;
        return this;
    }

    /** Changes one byte. */
    public SegmentWriterForTests flip(int offset, int mask) {
        bytes.put(offset, (byte) (bytes.get(offset) ^ mask));
        return this;
    }

    public ByteBuffer raw() {
        return bytes;
    }

    private void room(int more) {
        while (bytes.capacity() < tail + more) {
            ByteBuffer larger = ByteBuffer.allocate(bytes.capacity() * 2).order(ByteOrder.LITTLE_ENDIAN);
            larger.put(0, bytes, 0, bytes.capacity());
            bytes = larger;
        }
    }

    /** The file as it stands. */
    public byte[] bytes() {
        return Arrays.copyOf(bytes.array(), tail + prepared);
    }

    public Path file() {
        return new StreamDirectory(root, new ChannelCache(1)).of(header.key()).resolve(header.name().fileName());
    }

    /** Writes the file, or what has changed of it since. */
    public SegmentWriterForTests write() {
        return write(bytes());
    }

    /** Writes other bytes under the segment's name. */
    public SegmentWriterForTests write(byte[] all) {
        try {
            Files.createDirectories(file().getParent());
            if (Files.notExists(file())) {
                // as the writer does: a name appears with a whole segment
                Path temporary = file().resolveSibling("." + header.name().fileName() + ".tmp");
                Files.write(temporary, all);
                Files.move(temporary, file());
                return this;
            }
            try (FileChannel channel = FileChannel.open(file(), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.wrap(all), 0);
                channel.truncate(all.length);
            }
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public void delete() {
        try {
            Files.delete(file());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static void writePositions(Path root, Positions positions) {
        byte[] file = new byte[PositionsLayout.SLOTS * PositionsLayout.SLOT_BYTES];
        ByteBuffer slot = PositionsLayout.encode(positions);
        slot.get(0, file, (int) PositionsLayout.offset(positions), slot.limit());
        try {
            Files.write(PositionsReader.in(root), file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
