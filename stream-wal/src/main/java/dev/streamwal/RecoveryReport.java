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

    /** {@return whether {@link #streams} lists all streams with findings} */
    public boolean isComplete() {
        return fields().isComplete();
    }

    /**
     * {@return how many streams were looked at and are in order, with findings or without; also after a log that was closed} All streams that share
     * segments count as one.
     */
    public long recoveredStreams() {
        return fields().recoveredStreams();
    }

    /** {@return how many of {@link #streams} can't be opened for writing} */
    public int refusedStreams() {
        return fields().refusedStreams();
    }

    /** {@return the sums over all streams, including those for which {@link #streams} has no room} */
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

        /** {@return the stream's key} */
        public String key() {
            return fields().key();
        }

        /** {@return the sums over all findings of the stream} */
        public Sums sums() {
            return fields().sums();
        }

        /** {@return the first findings, in the order in which they were found; immutable} */
        public List<Finding> findings() {
            return fields().findings();
        }

        /** {@return how many more findings there were} */
        public long findingsLeftOut() {
            return fields().findingsLeftOut();
        }

        /** {@return why the stream can't be opened for writing, as text for people; empty if it can} */
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

        /** {@return the path of the segment's file} */
        public Path file() {
            return fields().file();
        }

        /** {@return where in the file, in bytes from its beginning} */
        public long offset() {
            return fields().offset();
        }

        /** {@return how many bytes were overwritten or cut, or are missing, from there on} */
        public long length() {
            return fields().length();
        }

        /** {@return what was done, and why, as text for people} */
        public String decision() {
            return fields().decision();
        }

        /** {@return the path of the copy of the bytes that were there, in {@code quarantine}; empty if there is none} */
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

        /** {@return how many records readers find in these segments} */
        public long recordsKept() {
            return fields().recordsKept();
        }

        /** {@return how many bytes readers find in these segments} */
        public long bytesKept() {
            return fields().bytesKept();
        }

        /** {@return how many records were brought back from the commit journal} */
        public long recordsRedone() {
            return fields().recordsRedone();
        }

        /** {@return how many bytes were brought back from the commit journal} */
        public long bytesRedone() {
            return fields().bytesRedone();
        }

        /** {@return how many bytes were cut that were not promised to survive: slots that a killed process left, torn ends} */
        public long bytesCut() {
            return fields().bytesCut();
        }

        /** {@return how many bytes were damaged} */
        public long bytesSkipped() {
            return fields().bytesSkipped();
        }

        /** {@return how many bytes should be there but are missing} */
        public long bytesMissing() {
            return fields().bytesMissing();
        }

        /** {@return how many bytes were cut or skipped and are in {@code quarantine}} */
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
