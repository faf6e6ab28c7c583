package dev.streamwal.samples;

import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.journal.Frontier;
import dev.streamwal.journal.FrontierFile;
import dev.streamwal.journal.FrontierSegment;
import dev.streamwal.journal.JournalBlock;
import dev.streamwal.journal.JournalFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Writes a journal block by block, as its writer would. */
public final class WrittenJournal {

    private static final int BLOCK_BYTES = 8 << 20;

    private final Path root;
    private final JournalBlock block = new JournalBlock(ByteBuffer.allocateDirect(BLOCK_BYTES));
    private final Map<String, Integer> numbers = new HashMap<>();
    private int file;
    private int offset;
    private long sequence = 1;

    public WrittenJournal(Path root) throws IOException {
        this.root = root;
        frontier(1, List.of());
    }

    public void frontier(long firstSequence, List<FrontierSegment> segments) throws IOException {
        FrontierFile.write(root, new Frontier(JournalSamples.JOURNAL_ID, firstSequence, segments));
    }

    /** Makes a zeroed file, if there is none of that number, and goes on at its start. */
    public WrittenJournal file(int number, int length) throws IOException {
        file = number;
        offset = 0;
        numbers.clear();
        if (!Files.exists(path(number))) {
            Files.write(path(number), new byte[length]);
        }
        return this;
    }

    public Path path(int number) {
        return JournalFiles.path(root, number);
    }

    public WrittenJournal at(int newOffset) {
        offset = newOffset;
        return this;
    }

    public WrittenJournal sequence(long next) {
        sequence = next;
        return this;
    }

    public int offset() {
        return offset;
    }

    public long nextSequence() {
        return sequence;
    }

    public WrittenJournal bytes(SegmentHeader header, int segmentOffset, byte[] frames) {
        String name = header.key() + "/" + header.basePosition() + "/" + header.salt();
        Integer number = numbers.get(name);
        if (number == null) {
            number = numbers.size();
            numbers.put(name, number);
            JournalSamples.segment(block, number, header);
        }
        return bytesOf(number, segmentOffset, frames);
    }

    public WrittenJournal bytesOf(int number, int segmentOffset, byte[] frames) {
        JournalSamples.bytes(block, number, segmentOffset, frames);
        return this;
    }

    public WrittenJournal segment(int number, SegmentHeader header) {
        JournalSamples.segment(block, number, header);
        return this;
    }

    public WrittenJournal deletedBelow(String key, long position) {
        block.deletedBelow(StreamKey.of(key), position);
        return this;
    }

    public WrittenJournal truncated(String key, long from, long to) {
        block.truncated(StreamKey.of(key), from, to);
        return this;
    }

    /** Writes the block; returns where it stands. */
    public int commit() {
        byte[] bytes = JournalSamples.finish(block, sequence++);
        block.start(BLOCK_BYTES);
        int at = offset;
        offset += bytes.length;
        overwrite(path(file), at, bytes);
        return at;
    }

    public static void overwrite(Path path, int at, byte[] bytes) {
        try {
            byte[] all = Files.readAllBytes(path);
            byte[] longer = all.length < at + bytes.length ? Arrays.copyOf(all, at + bytes.length) : all;
            System.arraycopy(bytes, 0, longer, at, bytes.length);
            Files.write(path, longer);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
