package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.streamwal.cli.ingest.Row;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.WalReader;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds the rows that an interrupted import has appended: of each stream those up to the last row that equals the stream's newest record. This is
 * right as long as no other program appends to these streams; of several equal rows the last one counts.
 */
final class ImportedRows {

    private final WalReader reader;
    private final Map<String, Progress> streams = new HashMap<>();

    ImportedRows(WalReader reader) {
        this.reader = reader;
    }

    /** The comparison's state for one stream. */
    private static final class Progress {
        /** Null if the stream has no record. */
        final byte @Nullable [] newest;
        long seen;
        long present;

        Progress(byte @Nullable [] newest) {
            this.newest = newest;
        }
    }

    /** Compares a row; call it for all rows, in order, before the first question. */
    void look(Row row, byte[] header) {
        Progress stream = streams.computeIfAbsent(row.key(), this::progress);
        stream.seen++;
        if (stream.newest != null && row.time().millis().isPresent()
                && Arrays.equals(stream.newest, digest(row.time().millis().getAsLong(), header, row.content()))) {
            stream.present = stream.seen;
        }
    }

    private Progress progress(String key) {
        Optional<Entry> newest = reader.latest(key);
        return new Progress(newest.map(entry -> digest(entry.timestampMillis(), entry.headerBytes(), entry.contentBytes())).orElse(null));
    }

    /** Whether the next row of this stream is there; call it for each row, in the same order. */
    boolean hasNext(String key) {
        Progress stream = streams.get(key);
        return stream != null && stream.present-- > 0;
    }

    private static byte[] digest(long millis, byte[] header, byte[] content) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update((millis + " " + header.length + " ").getBytes(US_ASCII));
            digest.update(header);
            return digest.digest(content);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("no SHA-256 on this Java platform", e);
        }
    }
}
