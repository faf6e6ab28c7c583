package dev.streamwal;

import dev.streamwal.catalog.ListedSegments;
import dev.streamwal.catalog.LogSource;
import dev.streamwal.format.KeyScope;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SealLayout;
import dev.streamwal.segment.ReadSettings;
import dev.streamwal.segment.ReadSizes;
import dev.streamwal.segment.ScanStop;
import dev.streamwal.segment.SegmentReader;
import dev.streamwal.segment.SegmentScan;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Every nonce that any file of a log, or of several with the same history, was sealed with: none may stand beside two different ciphertexts. It needs no
 * keys.
 *
 * <p>Streams' segments are read as readers do. In files, those of the journal and what was set aside among them, it looks for what looks like a sealed
 * record at every multiple of 8.
 */
public final class NonceLedger {

    /** Under one key, records with the same number and position are the same record, and have the same tag. */
    private record Nonce(int keyId, int number, long position) {}

    private record Sealed(String key, long timestampMillis, List<Byte> tag) {}

    private final Map<Nonce, Sealed> seen = new HashMap<>();
    /** Where positions aren't known: the number alone, which is different for each record anyway. */
    private final Map<Long, List<Byte>> numbers = new HashMap<>();

    /** Has seen nothing. */
    public NonceLedger() {}

    /** How many records were seen, each counted once. */
    public int size() {
        return seen.size();
    }

    public int keys() {
        return (int) numbers.keySet().stream().map(number -> number >>> Integer.SIZE).distinct().count();
    }

    /** Adds what readers find of a log's streams. */
    public NonceLedger addStreams(Path root) {
        try {
            addRecords(root);
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Adds all that a log's directory has, of which nothing may be torn. */
    public NonceLedger add(Path root) {
        try {
            addRecords(root);
            try (Stream<Path> files = Files.walk(root)) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    addBytes(file);
                }
            }
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void addRecords(Path root) throws IOException {
        ReadSettings settings = new ReadSettings(1 << 20, 64, 0, 64 << 10, 1 << 20, false, InstantSource.fixed(Instant.EPOCH));
        try (LogSource source = new LogSource(root, settings, null)) {
            for (String key : source.keys(KeyScope.all())) {
                ListedSegments chain = source.freshCatalog(key).chain();
                for (int i = 0; i < chain.size(); i++) {
                    try (SegmentReader reader = chain.get(i).open(source.channels());
                            SegmentScan scan = new SegmentScan(reader, reader.header(), ReadSizes.small(settings))) {
                        addRecords(key, scan);
                    } catch (NoSuchFileException e) {
                        // moved to a pack, or deleted, meanwhile
                    }
                }
            }
        }
    }

    private void addRecords(String key, SegmentScan scan) throws IOException {
        while (true) {
            while (scan.next()) {
                if (scan.isSealed()) {
                    byte[] body = scan.copyBody();
                    add(key, scan.position(), scan.timestampMillis(), body, body.length - SealLayout.BYTES);
                }
            }
            if (scan.judge() == ScanStop.CLEAN_END || scan.nextValid() < 0) {
                return;
            }
            scan.seek(scan.nextValid());
        }
    }

    private void add(String key, long position, long timestampMillis, byte[] sealed, int at) {
        Nonce nonce = new Nonce(SealLayout.keyId(sealed, at), SealLayout.number(sealed, at), position);
        Sealed record = new Sealed(key, timestampMillis, tag(sealed, at));
        Sealed before = seen.putIfAbsent(nonce, record);
        if (before != null && !before.equals(record)) {
            throw new AssertionError("nonce used twice: " + nonce + ", by " + record + " and " + before);
        }
        addNumber(nonce.keyId, nonce.number, record.tag);
    }

    private void addNumber(int keyId, int number, List<Byte> tag) {
        List<Byte> other = numbers.putIfAbsent((long) keyId << Integer.SIZE | Integer.toUnsignedLong(number), tag);
        if (other != null && !other.equals(tag)) {
            throw new AssertionError("number used twice: key=" + keyId + ", number=" + number);
        }
    }

    private static List<Byte> tag(byte[] sealed, int at) {
        Byte[] tag = new Byte[SealLayout.TAG_BYTES];
        Arrays.setAll(tag, i -> sealed[at + i]);
        return List.of(tag);
    }

    private void addBytes(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at + RecordLayout.PREFIX_BYTES < bytes.length; at += RecordLayout.ALIGNMENT) {
            long word = in.getLong(at);
            int flags = in.getInt(at + RecordLayout.FLAGS);
            int content = in.getInt(at + RecordLayout.CONTENT_LENGTH);
            int seal = at + RecordLayout.PREFIX_BYTES + RecordLayout.headerLength(word) + content - SealLayout.BYTES;
            // what a torn write has left may be zero from somewhere on; nothing sealed has a key of zeros
            if (RecordLayout.isCommitWord(word) && (flags & ~RecordLayout.MEMBER) == RecordLayout.ENCRYPTED && content >= SealLayout.BYTES
                    && RecordLayout.checkedFrameBytes(word, content, flags, bytes.length - at) > 0 && SealLayout.keyId(bytes, seal) != 0) {
                addNumber(SealLayout.keyId(bytes, seal), SealLayout.number(bytes, seal), tag(bytes, seal));
            }
        }
    }
}
