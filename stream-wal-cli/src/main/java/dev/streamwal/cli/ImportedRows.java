package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.streamwal.cli.ingest.Row;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.ByteBufUtil;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Finds the rows that an interrupted import has appended: of each stream those up to the last row that equals the stream's newest record, as the rows
 * before it equal the records before that one; never more rows than the stream has records. This is right as long as no other program appends to these
 * streams.
 */
final class ImportedRows {

    private final WalReader reader;
    private final Map<String, ResumePoint> streams = new HashMap<>();
    /** Rows of each stream that are still to be left out. */
    private final Map<String, Long> present = new HashMap<>();

    ImportedRows(WalReader reader) {
        this.reader = reader;
    }

    /**
     * Compares a row; call it for all rows whose key is one, in order.
     *
     * @param taken whether the log would take it; it has a time then
     */
    void look(Row row, byte[] header, boolean taken) {
        ResumePoint stream = streams.computeIfAbsent(row.key(), this::stream);
        if (taken) {
            stream.row(digest(row.time().millis().orElseThrow(), header, row.content()));
        } else {
            stream.refusedRow();
        }
    }

    private ResumePoint stream(String key) {
        long[] newest = new long[ResumePoint.COMPARED];
        int count = 0;
        try (EntryCursor cursor = reader.scanBackward(key, Long.MAX_VALUE)) {
            while (count < newest.length && cursor.next()) {
                newest[count++] = digest(cursor.timestampMillis(), ByteBufUtil.getBytes(cursor.header()), ByteBufUtil.getBytes(cursor.content()));
            }
        }
        return new ResumePoint(reader, key, Arrays.copyOf(newest, count));
    }

    /**
     * All rows were looked at.
     *
     * @throws RefusedException if it isn't certain which rows of a stream are there
     */
    void end(Path root) throws RefusedException {
        for (Map.Entry<String, ResumePoint> stream : streams.entrySet()) {
            if (stream.getValue().isDoubtful()) {
                throw new RefusedException("rows repeat, so that it isn't certain which of them are there already: stream=" + stream.getKey()
                        + ", root=" + root + "; nothing was imported; import the rows that are missing as a file of their own, without --resume");
            }
            present.put(stream.getKey(), stream.getValue().present());
        }
        streams.clear();
    }

    /** Whether the next row of this stream is there; call it for each row, in the same order, after the end. */
    boolean hasNext(String key) {
        Long left = present.get(key);
        if (left == null || left == 0) {
            return false;
        }
        present.put(key, left - 1);
        return true;
    }

    private static long digest(long millis, byte[] header, byte[] content) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update((millis + " " + header.length + " ").getBytes(US_ASCII));
            digest.update(header);
            return ByteBuffer.wrap(digest.digest(content)).getLong();
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("no SHA-256 on this Java platform", e);
        }
    }
}
