package dev.streamwal.recovery;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.format.FooterLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.segment.RecoveredTail;
import dev.streamwal.segment.ScanStop;
import dev.streamwal.segment.SegmentEnd;
import dev.streamwal.segment.SegmentFiles;
import dev.streamwal.segment.SegmentScan;
import dev.streamwal.segment.TailBuilder;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Cuts a segment's file behind one of its records, durably, and notes the cut in its header: the stream never continues where the data ends now,
 * because positions would be given twice. If the segment had a footer, it has a new one afterwards.
 *
 * <p>If the file has no other name, it is cut in place, so that readers that have it open see the cut: the mark and the flag in the header, each at
 * once; the cut; a force; the footer; a force. Otherwise a shorter copy takes its name, because a checkpoint may have a link to it. If the cut fails
 * or the process ends, repeating it does the rest.
 */
public final class SegmentCut {

    private static final int CHUNK_BYTES = 1 << 20;

    private final SegmentStorage storage;
    private final Path path;
    private final SegmentHeader header;
    private final RecoveredTail kept;

    /**
     * @param header as it is in the file
     * @param kept what stays, by {@link #walk}
     */
    public SegmentCut(SegmentStorage storage, Path path, SegmentHeader header, RecoveredTail kept) {
        this.storage = storage;
        this.path = path;
        this.header = header.with(true, kept.lastStart());
        this.kept = kept;
    }

    /**
     * Walks over what is to stay; past damage, which stays.
     *
     * @param end offset behind a record
     * @return empty if no record ends there
     */
    public static Optional<RecoveredTail> walk(SegmentBytes bytes, SegmentHeader header, int end) throws IOException {
        return walk(bytes, header, end, true);
    }

    /**
     * Walks over all that a segment has.
     *
     * @param end offset behind the last record
     * @return empty if no record ends there, or there is damage before
     */
    public static Optional<RecoveredTail> walkWhole(SegmentBytes bytes, SegmentHeader header, int end) throws IOException {
        return walk(bytes, header, end, false);
    }

    private static Optional<RecoveredTail> walk(SegmentBytes bytes, SegmentHeader header, int end, boolean isDamagePassed) throws IOException {
        TailBuilder tail = new TailBuilder(RecoveredTail.empty(header.headerLength()));
        try (SegmentScan scan = new SegmentScan(bytes, header)) {
            scan.limit(end);
            while (scan.nextOffset() < end) {
                boolean isRecord = scan.next();
                if (!isRecord && !isDamagePassed) {
                    return Optional.empty();
                }
                if (!isRecord && scan.isTooNew()) {
                    scan.skip();
                    isRecord = true;
                }
                if (isRecord) {
                    tail.add((int) scan.offset(), scan.flags(), scan.timestampMillis(), scan.frameBytes());
                } else {
                    ScanStop unused = scan.judge();
                    if (scan.nextValid() < 0) {
                        return Optional.empty();
                    }
                    scan.seek(scan.nextValid());
                }
            }
            return scan.nextOffset() == end ? Optional.of(tail.at(end)) : Optional.empty();
        }
    }

    /** The segment's header as it will be after the cut. */
    public SegmentHeader header() {
        return header;
    }

    /**
     * Cuts the file.
     *
     * @param temporary an unused name in its directory, for a copy
     * @param mayCutInPlace false if another thread may still write to the file
     * @param forceFailed says what is thrown if the file, cut in place, can't be forced
     * @return the bytes of the file if it has a footer; empty if it has none, and had none
     */
    public Optional<Long> cut(Path temporary, boolean mayCutInPlace, UnaryOperator<IOException> forceFailed) throws IOException {
        try (SegmentFile file = storage.open(path)) {
            boolean withFooter = kept.lastStart() > 0 && SegmentEnd.read(file, header).isFinal();
            if (mayCutInPlace && !mayBeLinked(path)) {
                cutInPlace(file, withFooter, forceFailed);
            } else {
                copy(file, temporary, withFooter);
            }
            return withFooter ? Optional.of(sealedBytes()) : Optional.empty();
        }
    }

    /**
     * Cuts the segment that holds {@code from}, in a stream that isn't open, if it isn't cut yet. What can't be read is left to
     * {@link StreamRecovery}.
     *
     * @param temporary an unused name in its directory
     * @return whether it was cut now
     */
    static boolean redo(SegmentStorage storage, StreamKey key, Path path, SegmentName name, long from, Path temporary)
            throws IOException {
        SegmentFile file = storage.open(path);
        SegmentHeader header;
        RecoveredTail tail;
        try {
            header = SegmentFiles.readHeader(file, path, key, name);
            int end = (int) Math.min(header.offsetOf(from), Integer.MAX_VALUE);
            if (isDone(file, header, end)) {
                // perhaps by a writer that was killed before it had forced it
                file.force();
                return false;
            }
            // if the part that stays can't be read, the file is cut at the same place, without a footer
            tail = walk(file, header, end).orElse(new RecoveredTail(end, 0, 0, new SegmentIndex()));
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            return false;
        } finally {
            file.close();
        }
        Optional<Long> unused = new SegmentCut(storage, path, header, tail).cut(temporary, true, cause -> cause);
        return true;
    }

    private static boolean isDone(SegmentFile file, SegmentHeader header, int end) throws IOException {
        long dataEnd = SegmentEnd.read(file, header).offset();
        return dataEnd < end || (dataEnd == end && header.isCut());
    }

    private long sealedBytes() {
        return FooterLayout.sealedLength(kept.tail(), header.headerLength(), kept.index().blocks());
    }

    /** Whether the file may have another name, so that a change of it changes other files too; true if unknown. */
    private static boolean mayBeLinked(Path path) throws IOException {
        try {
            return !(Files.getAttribute(path, "unix:nlink") instanceof Integer links) || links != 1;
        } catch (UnsupportedOperationException | IllegalArgumentException e) {
            return true;
        }
    }

    private void cutInPlace(SegmentFile file, boolean withFooter, UnaryOperator<IOException> forceFailed) throws IOException {
        ByteBuffer encoded = SegmentHeaderLayout.encode(header);
        // the mark first: it must not point behind the end; then checksum and flags, in 8 aligned bytes
        file.write(SegmentHeaderLayout.MARK, encoded.slice(SegmentHeaderLayout.MARK, Integer.BYTES));
        file.write(SegmentHeaderLayout.HEADER_CHECKSUM, encoded.slice(SegmentHeaderLayout.HEADER_CHECKSUM, Long.BYTES));
        file.truncate(kept.tail());
        force(file, forceFailed);
        if (withFooter) {
            file.write(kept.tail(), footer());
            force(file, forceFailed);
        }
    }

    private static void force(SegmentFile file, UnaryOperator<IOException> forceFailed) throws IOException {
        try {
            file.force();
        } catch (IOException e) {
            throw forceFailed.apply(e);
        }
    }

    private ByteBuffer footer() {
        return FooterLayout.encode(header, kept.tail(), kept.lastSize(), kept.index());
    }

    private void copy(SegmentFile file, Path temporary, boolean withFooter) throws IOException {
        SegmentFile copy = storage.create(temporary);
        try {
            copy.write(0, SegmentHeaderLayout.encode(header));
            ByteBuffer chunk = ByteBuffer.allocate(Math.min(CHUNK_BYTES, kept.tail())).order(ByteOrder.LITTLE_ENDIAN);
            file.copy(header.headerLength(), kept.tail(), chunk, copy::write);
            if (withFooter) {
                copy.write(kept.tail(), footer());
            }
            copy.force();
            copy.close();
            storage.replace(temporary, path);
        } catch (IOException | RuntimeException | Error e) {
            copy.close();
            storage.deleteAfter(e, temporary);
            throw e;
        }
    }
}
