package dev.streamwal.recovery;

import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.BadSectors;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.recovery.RedoneSegment.Kind;
import dev.streamwal.segment.SegmentEnd;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.SegmentNames;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes the journal's bytes into the segments' files. It gathers them first, so that each segment is opened once and written with few calls, however
 * its bytes are scattered over the journal.
 */
final class SegmentRedo {

    /** Large enough that opening a file costs little beside its writes, with thousands of segments. */
    static final int GATHERED_BYTES = 32 << 20;

    /** Bytes per read when comparing. */
    private static final int COMPARED_BYTES = 64 << 10;

    /** Buffers of one gathering write; systems take up to 1,024. */
    private static final int MAX_BUFFERS = 256;

    /** Identifies a segment: positions are given once, so another identity means that the file was replaced. */
    private record Id(StreamKey key, long basePosition, long salt) {
        static Id of(SegmentHeader header) {
            return new Id(header.key(), header.basePosition(), header.salt());
        }
    }

    /** Bytes that wait to be written. */
    private record Run(int offset, ByteBuffer bytes) {

        int end() {
            return offset + bytes.remaining();
        }
    }

    /** A segment of the journal, what waits for it, and what was done. */
    private static final class Target {
        final SegmentHeader header;
        final Path file;
        final List<Run> runs = new ArrayList<>();
        Kind kind = Kind.WRITTEN;
        boolean isLookedAt;
        long bytes;
        long records;

        Target(SegmentHeader header, Path file) {
            this.header = header;
            this.file = file;
        }

        boolean isWritten() {
            return kind != Kind.FINISHED && kind != Kind.FOREIGN && kind != Kind.DELETED;
        }
    }

    private final SegmentStorage storage;
    private final StreamDirectory streams;
    private final UnrecordedDeletions deletions;
    private final boolean comparesFirst;
    private final boolean trustsPageCache;
    private final boolean leavesForeign;
    private final ByteBuffer gathered;
    private final ByteBuffer found;
    private final Map<Id, Target> targets = new LinkedHashMap<>();
    private final Map<Id, Target> waiting = new LinkedHashMap<>();

    /**
     * @param deletions which missing files aren't made anew
     * @param comparesFirst whether bytes that are in a file already aren't counted: they didn't need the journal
     * @param trustsPageCache whether these needn't be written again either
     * @param leavesForeign whether another segment's file is left alone; otherwise it is an error
     * @param gatheredBytes limit of memory
     */
    SegmentRedo(SegmentStorage storage, StreamDirectory streams, UnrecordedDeletions deletions, boolean comparesFirst, boolean trustsPageCache,
            boolean leavesForeign, int gatheredBytes) {
        this.storage = storage;
        this.streams = streams;
        this.deletions = deletions;
        this.comparesFirst = comparesFirst;
        this.trustsPageCache = trustsPageCache;
        this.leavesForeign = leavesForeign;
        this.gathered = ByteBuffer.allocateDirect(gatheredBytes);
        this.found = ByteBuffer.allocateDirect(Math.min(COMPARED_BYTES, gatheredBytes));
    }

    /** @param frames the bytes from the buffer's position to its limit, which belong at that offset of the segment's file */
    void add(SegmentHeader header, int offset, ByteBuffer frames) throws IOException {
        Id id = Id.of(header);
        Target target = targets.computeIfAbsent(id, unused -> new Target(header, path(header)));
        if (!target.isWritten()) {
            return;
        }
        target.records += records(frames);
        if (frames.remaining() > gathered.remaining()) {
            flush();
        }
        waiting.put(id, target);
        if (frames.remaining() > gathered.remaining()) {
            target.runs.add(new Run(offset, frames));
            flush();
            return;
        }
        int start = gathered.position();
        gathered.put(frames.duplicate());
        target.runs.add(new Run(offset, gathered.slice(start, gathered.position() - start)));
    }

    private Path path(SegmentHeader header) {
        return streams.of(header.key()).resolve(header.name().fileName());
    }

    private static long records(ByteBuffer frames) {
        long records = 0;
        for (int index = frames.position(); frames.limit() - index >= RecordLayout.PREFIX_BYTES; ) {
            long commitWord = frames.getLong(index + RecordLayout.COMMIT_WORD);
            int flags = frames.getInt(index + RecordLayout.FLAGS);
            int frame = RecordLayout.isCommitWord(commitWord)
                    ? RecordLayout.checkedFrameBytes(commitWord, frames.getInt(index + RecordLayout.CONTENT_LENGTH), flags,
                            frames.limit() - index)
                    : -1;
            if (frame < 0) {
                break;
            }
            records += RecordLayout.isControl(flags) ? 0 : 1;
            index += frame;
        }
        return records;
    }

    /** Writes what has been gathered. */
    void flush() throws IOException {
        for (Target target : waiting.values()) {
            write(target);
            target.runs.clear();
        }
        waiting.clear();
        gathered.clear();
    }

    /** What was done with each segment, in the journal's order. */
    List<RedoneSegment> results() {
        return targets.values().stream().map(target -> new RedoneSegment(target.header, target.kind, target.bytes, target.bytes == 0 ? 0 : target.records))
                .toList();
    }

    private void write(Target target) throws IOException {
        try (SegmentFile file = storage.open(target.file)) {
            if (!target.isLookedAt) {
                target.kind = prepare(target, file);
                target.isLookedAt = true;
            }
            if (target.isWritten()) {
                List<Run> missing = comparesFirst ? missing(target, file) : target.runs;
                count(target, missing);
                writeRuns(trustsPageCache ? missing : target.runs, file, file.size());
            }
        } catch (NoSuchFileException e) {
            target.kind = deletions.tookAway(target.header) ? Kind.DELETED : create(target);
            target.isLookedAt = true;
        }
    }

    /** Classifies the file, and gives it the right header. */
    private Kind prepare(Target target, SegmentFile file) throws IOException {
        Kind found = look(target, file);
        if (found != Kind.HEADER_REPAIRED) {
            return found;
        }
        file.write(0, header(target));
        return SegmentEnd.read(bytes(target, file), target.header).isFinal() ? Kind.FINISHED : found;
    }

    /** Without a mark: it is unknown whether what the mark pointed to is there. */
    private static ByteBuffer header(Target target) {
        return SegmentHeaderLayout.encode(target.header).putInt(SegmentHeaderLayout.MARK, 0);
    }

    /** A bad sector in a shared segment doesn't keep a log from being opened: what the journal has of it is final, and is written again. */
    private static SegmentBytes bytes(Target target, SegmentFile file) {
        return isShared(target) ? BadSectors.around(file) : file;
    }

    private static boolean isShared(Target target) {
        return target.header.key().equals(StreamKey.SHARED);
    }

    private Kind look(Target target, SegmentFile file) throws IOException {
        try {
            SegmentHeader found = SegmentBytes.readHeader(file);
            if (!Id.of(found).equals(Id.of(target.header))) {
                if (!leavesForeign) {
                    throw foreign(target, found);
                }
                return Kind.FOREIGN;
            }
            return kind(target, file, found);
        } catch (FormatException e) {
            if (e.isUnsupported()) {
                throw new UnsupportedFormatException(e.at("stream=" + target.header.key() + ", file=" + target.file + ", offset=0"),
                        target.file, target.header.key().text(), target.header.basePosition(), e);
            }
            return Kind.HEADER_REPAIRED;
        } catch (IOException e) {
            if (!isShared(target) || !BadSectors.isOfSector(e)) {
                throw e;
            }
            // the header stays as it is: perhaps it can be read later
            return kind(target, file, target.header);
        }
    }

    private static Kind kind(Target target, SegmentFile file, SegmentHeader header) throws IOException {
        return SegmentEnd.read(bytes(target, file), header).isFinal() ? Kind.FINISHED : Kind.WRITTEN;
    }

    private static CorruptSegmentException foreign(Target target, SegmentHeader found) {
        SegmentHeader header = target.header;
        return new CorruptSegmentException(
                "file belongs to another segment than the journal's bytes: file=" + target.file + ", stream=" + header.key()
                        + ", salt=" + header.salt() + ", found: stream=" + found.key() + ", basePosition=" + found.basePosition()
                        + ", salt=" + found.salt() + "; put the right file back, or open the log with SKIP_BAD_RECORDS, which leaves"
                        + " the file as it is and drops these bytes",
                target.file, header.key().text(), header.basePosition(), 0, SegmentHeaderLayout.MAX_BYTES, null);
    }

    private List<Run> missing(Target target, SegmentFile file) throws IOException {
        // before everything is written anyway, a sector that can't be read doesn't matter: writing it may repair it
        SegmentBytes bytes = trustsPageCache ? bytes(target, file) : BadSectors.around(file);
        List<Run> missing = new ArrayList<>();
        for (Run run : target.runs) {
            if (!isThere(run, bytes)) {
                missing.add(run);
            }
        }
        return missing;
    }

    private static void count(Target target, List<Run> runs) {
        for (Run run : runs) {
            target.bytes += run.bytes.remaining();
        }
    }

    private boolean isThere(Run run, SegmentBytes bytes) throws IOException {
        for (int compared = 0; compared < run.bytes.remaining(); ) {
            found.clear().limit(Math.min(found.capacity(), run.bytes.remaining() - compared));
            int read = bytes.read(found, run.offset + compared);
            if (read <= 0 || !found.flip().equals(run.bytes.slice(run.bytes.position() + compared, read))) {
                return false;
            }
            compared += read;
        }
        return true;
    }

    /** In the journal's order; bytes that directly follow their predecessors are written together with them. */
    private static void writeRuns(List<Run> runs, SegmentFile file, long oldLength) throws IOException {
        long length = oldLength;
        for (int first = 0; first < runs.size(); ) {
            Run run = runs.get(first);
            int end = run.end();
            int next = first + 1;
            while (next < runs.size() && runs.get(next).offset == end && next - first < MAX_BUFFERS) {
                end = runs.get(next++).end();
            }
            if (run.offset > length) {
                file.zero(length, run.offset);
            }
            ByteBuffer[] buffers = runs.subList(first, next).stream().map(waiting -> waiting.bytes.duplicate())
                    .toArray(ByteBuffer[]::new);
            file.write(run.offset, buffers);
            length = Math.max(length, end);
            first = next;
        }
    }

    /** Creates the file anew, complete before it gets its name. */
    private Kind create(Target target) throws IOException {
        Path directory = streams.of(target.header.key());
        storage.createDirectory(directory);
        Path temporary = directory.resolve(SegmentNames.temporary(target.header.salt()));
        storage.delete(temporary);
        try (SegmentFile file = storage.create(temporary)) {
            file.write(0, header(target));
            count(target, target.runs);
            writeRuns(target.runs, file, target.header.headerLength());
        }
        storage.name(temporary, target.file);
        return Kind.CREATED;
    }
}
