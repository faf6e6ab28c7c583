package dev.streamwal;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What recovery has found and done since the log was opened. A stream is recovered at its first use, in the background, or by {@link
 * StreamWal#recoverAll}; so the report grows until all streams are recovered. Immutable.
 *
 * @since 1.0
 */
public final class RecoveryReport extends Snapshot<RecoveryReport.Fields> {

    /** Limit of the list: a log may have a hundred thousand streams, each with a torn end. */
    public static final int MAX_STREAMS = 10_000;

    record Fields(List<StreamFindings> streams, boolean isComplete, long recoveredStreams, int refusedStreams, Sums totals) {
        Fields {
            streams = List.copyOf(streams);
        }
    }

    RecoveryReport(Fields fields) {
        super(fields);
    }

    /**
     * The streams with findings, by key: those in which something was cut, skipped or missing, or came back from the commit journal, and those that
     * can't be opened for writing. After a log that was closed there is none, unless something was damaged since.
     *
     * @return an immutable list of at most {@value #MAX_STREAMS}
     */
    public List<StreamFindings> streams() {
        return fields().streams();
    }

    /**
     * Whether {@link #streams} lists all streams with findings.
     *
     * @return false if there are more
     */
    public boolean isComplete() {
        return fields().isComplete();
    }

    /**
     * How many streams were looked at and are in order, with findings or without; also after a log that was closed. All streams that share segments
     * count as one.
     *
     * @return their number
     */
    public long recoveredStreams() {
        return fields().recoveredStreams();
    }

    /**
     * How many of {@link #streams} can't be opened for writing.
     *
     * @return their number
     */
    public int refusedStreams() {
        return fields().refusedStreams();
    }

    /**
     * Sums over all streams, including those for which {@link #streams} has no room.
     *
     * @return the sums
     */
    public Sums totals() {
        return fields().totals();
    }

    /** One stream. Immutable. */
    public static final class StreamFindings extends Snapshot<StreamFindings.Fields> {

        record Fields(String key, Sums sums, List<Finding> findings, long findingsLeftOut, Optional<String> refusal) {
            Fields {
                findings = List.copyOf(findings);
            }
        }

        StreamFindings(Fields fields) {
            super(fields);
        }

        /**
         * The stream.
         *
         * @return its key
         */
        public String key() {
            return fields().key();
        }

        /**
         * Sums over all findings of the stream.
         *
         * @return the sums
         */
        public Sums sums() {
            return fields().sums();
        }

        /**
         * The first findings, in the order in which they were found.
         *
         * @return an immutable list
         */
        public List<Finding> findings() {
            return fields().findings();
        }

        /**
         * How many more findings there were.
         *
         * @return their number
         */
        public long findingsLeftOut() {
            return fields().findingsLeftOut();
        }

        /**
         * Why the stream can't be opened for writing.
         *
         * @return text for people; empty if it can
         */
        public Optional<String> refusal() {
            return fields().refusal();
        }
    }

    /** One place. Immutable. */
    public static final class Finding extends Snapshot<Finding.Fields> {

        record Fields(Path file, long offset, long length, String decision, Optional<Path> setAside) {}

        Finding(Fields fields) {
            super(fields);
        }

        /**
         * The segment's file.
         *
         * @return the path
         */
        public Path file() {
            return fields().file();
        }

        /**
         * Where in the file.
         *
         * @return bytes from its beginning
         */
        public long offset() {
            return fields().offset();
        }

        /**
         * How much was overwritten or cut, or is missing, from there on.
         *
         * @return bytes
         */
        public long length() {
            return fields().length();
        }

        /**
         * What was done, and why.
         *
         * @return text for people
         */
        public String decision() {
            return fields().decision();
        }

        /**
         * The copy of the bytes that were there.
         *
         * @return the path, in {@code quarantine}; empty if there is none
         */
        public Optional<Path> setAside() {
            return fields().setAside();
        }
    }

    /** Amounts. What was kept is counted only in the segments that had to be read, the newest ones. Immutable. */
    public static final class Sums extends Snapshot<Sums.Fields> {

        static final Sums NONE = new Sums(new Fields(0, 0, 0, 0, 0, 0, 0, 0));

        record Fields(
                long recordsKept, long bytesKept, long recordsRedone, long bytesRedone, long bytesCut, long bytesSkipped,
                long bytesMissing, long bytesSetAside) {}

        Sums(Fields fields) {
            super(fields);
        }

        /**
         * How many records readers find in these segments.
         *
         * @return their number
         */
        public long recordsKept() {
            return fields().recordsKept();
        }

        /**
         * How many bytes readers find in these segments.
         *
         * @return bytes
         */
        public long bytesKept() {
            return fields().bytesKept();
        }

        /**
         * How many records were brought back from the commit journal.
         *
         * @return their number
         */
        public long recordsRedone() {
            return fields().recordsRedone();
        }

        /**
         * How many bytes were brought back from the commit journal.
         *
         * @return bytes
         */
        public long bytesRedone() {
            return fields().bytesRedone();
        }

        /**
         * How many bytes were cut that were not promised to survive: slots that a killed process left, torn ends.
         *
         * @return bytes
         */
        public long bytesCut() {
            return fields().bytesCut();
        }

        /**
         * How many bytes were damaged.
         *
         * @return bytes
         */
        public long bytesSkipped() {
            return fields().bytesSkipped();
        }

        /**
         * How many bytes should be there but are missing.
         *
         * @return bytes
         */
        public long bytesMissing() {
            return fields().bytesMissing();
        }

        /**
         * How many bytes were cut or skipped and are in {@code quarantine}.
         *
         * @return bytes
         */
        public long bytesSetAside() {
            return fields().bytesSetAside();
        }

        Sums plus(Sums other) {
            return new Sums(new Fields(recordsKept() + other.recordsKept(), bytesKept() + other.bytesKept(),
                    recordsRedone() + other.recordsRedone(), bytesRedone() + other.bytesRedone(), bytesCut() + other.bytesCut(),
                    bytesSkipped() + other.bytesSkipped(), bytesMissing() + other.bytesMissing(), bytesSetAside() + other.bytesSetAside()));
        }
    }
}
