package dev.streamwal;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What recovery has found and done since the log was opened. A stream is recovered at its first use, in the background, or by
 * {@link StreamWal#recoverAll}; so the report grows until all of them are. Immutable.
 *
 * @param streams those with findings, by key; at most {@value #MAX_STREAMS}
 * @param isComplete whether these are all of them
 * @param recoveredStreams how many streams are in order, with findings or without
 * @param refusedStreams how many of {@code streams} can't be opened for writing
 * @param totals over all streams, those included that {@code streams} has no room for
 */
public record RecoveryReport(
        List<StreamFindings> streams, boolean isComplete, long recoveredStreams, int refusedStreams, Sums totals) {

    /** What fits: a log may have a hundred thousand streams, and each a torn end. */
    public static final int MAX_STREAMS = 10_000;

    /**
     * Copies the list.
     *
     * @param streams as above
     * @param isComplete as above
     * @param recoveredStreams as above
     * @param refusedStreams as above
     * @param totals as above
     */
    public RecoveryReport {
        streams = List.copyOf(streams);
    }

    /**
     * One stream.
     *
     * @param stream the key
     * @param sums over all its findings
     * @param findings the first of them, in the order in which they were found
     * @param findingsLeftOut how many more there were
     * @param refusal why the stream can't be opened for writing, for people to read; empty where it can
     */
    public record StreamFindings(String stream, Sums sums, List<Finding> findings, long findingsLeftOut, Optional<String> refusal) {

        /**
         * Copies the list.
         *
         * @param stream as above
         * @param sums as above
         * @param findings as above
         * @param findingsLeftOut as above
         * @param refusal as above
         */
        public StreamFindings {
            findings = List.copyOf(findings);
        }
    }

    /**
     * One place.
     *
     * @param file the segment's
     * @param offset in the file
     * @param length in bytes from there on: of what was overwritten or cut, or is missing
     * @param decision what was done, and why, for people to read
     * @param setAside the copy of what was there; empty where there is none
     */
    public record Finding(Path file, long offset, long length, String decision, Optional<Path> setAside) {}

    /**
     * How much. What was kept is counted in the segments that had to be looked at, the newest ones.
     *
     * @param recordsKept records that readers find
     * @param bytesKept of what readers find
     * @param recordsRedone records that were brought back from the commit journal
     * @param bytesRedone of what was brought back from the commit journal
     * @param bytesCut of what nobody had been promised: slots that a killed process left, torn ends
     * @param bytesSkipped of what was damaged
     * @param bytesMissing of what should be there, and isn't
     * @param bytesSetAside of what was cut or skipped and is in {@code quarantine}
     */
    public record Sums(
            long recordsKept,
            long bytesKept,
            long recordsRedone,
            long bytesRedone,
            long bytesCut,
            long bytesSkipped,
            long bytesMissing,
            long bytesSetAside) {

        /** Nothing. */
        public static final Sums NONE = new Sums(0, 0, 0, 0, 0, 0, 0, 0);

        /**
         * The sum.
         *
         * @param other what is added
         * @return this and the other
         */
        public Sums plus(Sums other) {
            return new Sums(recordsKept + other.recordsKept, bytesKept + other.bytesKept, recordsRedone + other.recordsRedone,
                    bytesRedone + other.bytesRedone, bytesCut + other.bytesCut, bytesSkipped + other.bytesSkipped,
                    bytesMissing + other.bytesMissing, bytesSetAside + other.bytesSetAside);
        }
    }
}
