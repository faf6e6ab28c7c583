package dev.streamwal.bench.compare;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;

/**
 * The records that are queried: a day of readings, of each stream as many, in order of time. Everything about the {@code i}-th record of a stream
 * follows from its stream and from {@code i}.
 */
record QueriedSet(int streams, int recordsAStream) {

    static final int BYTES = 128;
    /** 1 January 2026, UTC. */
    static final long START_MILLIS = 1_767_225_600_000L;
    static final int HOURS = 24;

    static QueriedSet of(Length length) {
        return new QueriedSet(length.queriedStreams, length.recordsAStream);
    }

    long millis(int i) {
        return START_MILLIS + i * (Duration.ofHours(HOURS).toMillis() / recordsAStream);
    }

    long endMillis() {
        return millis(recordsAStream);
    }

    long number(int stream, int i) {
        return (long) i * streams + stream;
    }

    long records() {
        return (long) streams * recordsAStream;
    }

    /** The number, and a reading as text, as telemetry has it: most of it is the same each time. */
    byte[] content(int stream, int i) {
        byte[] content = new byte[BYTES];
        Arrays.fill(content, (byte) ' ');
        long drawn = (number(stream, i) + 1) * 0x9E3779B97F4A7C15L;
        String text = "{\"site\":\"" + stream / Setup.SITE_STREAMS + "\",\"meter\":" + stream % Setup.SITE_STREAMS + ",\"power\":"
                + (200_00 + (drawn >>> 53)) + ",\"voltage\":" + (228_0 + (drawn >>> 59)) + ",\"status\":\"" + ((drawn & 0xFF) == 0 ? "late" : "ok")
                + "\",\"seq\":" + i + "}";
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(bytes, 0, content, Long.BYTES, bytes.length);
        Tally.number(content, number(stream, i));
        return content;
    }

    /** Throws if the record isn't the one that its number says it is. */
    void check(RecordCursor record) {
        long number = Tally.number(record.content());
        byte[] expected = content((int) (number % streams), (int) (number / streams));
        if (record.stream() != number % streams || record.length() != BYTES || !Arrays.equals(record.content(), 0, BYTES, expected, 0, BYTES)) {
            throw new IllegalStateException(String.format(Locale.ROOT, "a content isn't what was appended: number=%d, stream=%d, length=%d", number,
                    record.stream(), record.length()));
        }
    }

    /** What the records from the {@code from}-th to the {@code to}-th, exclusive, of some streams add up to. */
    Tally tally(int firstStream, int endStream, int from, int to) {
        Tally tally = new Tally();
        for (int stream = firstStream; stream < endStream; stream++) {
            for (int i = from; i < to; i++) {
                tally.add(stream, number(stream, i), BYTES);
            }
        }
        return tally;
    }
}
