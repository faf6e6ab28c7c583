package dev.streamwal.image;

import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.PositionsReader;
import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.consumer.CursorFiles;
import dev.streamwal.encryption.KeysFile;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.PositionsLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.FileFunction;
import dev.streamwal.io.LogFile;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.manifest.ManifestFile;
import dev.streamwal.segment.ReadSettings;
import dev.streamwal.segment.SegmentEnd;
import dev.streamwal.tier.TierReads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The files of a log as of one moment, taken by any process, with or without a writer. The files are looked at, but not kept open: if one has changed
 * when it is copied, the copy fails with an {@link ImageChangedException}, and another image is taken.
 *
 * <p><b>Why an image is no mixture.</b> These things change a log: appends, segments that are made and sealed, packing and merging, deletions and cuts.
 *
 * <ul>
 *   <li><i>Packs.</i> The manifest is read first, and again after the directories. If it is unchanged, it was the same in between. So no segment
 *       moved to a pack before its directory was listed, and no pack of the manifest has records that came after the listing.
 *   <li><i>Shared segments</i> are walked to their end between two listings of the directories, and no segment came between these listings. So if a
 *       stream shares, has a segment of its own, and shares again, nothing is left out in the middle.
 *   <li><i>Segments that are appended to</i> are walked after that. Records that they have got since that moment are the end of their stream, or were
 *       there before any of the stream's records in a shared segment.
 *   <li><i>Cursors</i> are read before all that, so that no consumer has come farther than its streams. <i>Positions</i> are read last: they are
 *       raised before a segment that needs them is made. <i>Keys</i> are read after the data, because a key is in the file before its first use.
 *   <li><i>A deletion, a sweep or a cut</i> removes files or changes them, which the copy notices.
 * </ul>
 *
 * <p>So each stream is as it was at one moment, and not all streams at the same.
 */
public final class LogImage {

    /** A log that packs all the time changes its manifest every second or so; looking takes much less. */
    static final int MAX_ATTEMPTS = 50;

    private static final long PAUSE_NANOS = 5_000_000;
    private static final int MAX_CURSOR_BYTES = 1 << 28;
    private static final int MAX_MARKER_BYTES = 4_096;
    private static final ReadSettings SETTINGS = new ReadSettings(0, 1, 0, 0, 0, false, () -> Instant.EPOCH);

    private final Path root;
    private final TierReads tier;
    private final Path folder;
    private final List<ImageFile> files = new ArrayList<>();

    private LogImage(Path root, @Nullable Path tier) {
        this.root = root;
        this.tier = new TierReads(tier, root, 0);
        this.folder = root.resolve(StreamDirectory.NAME);
    }

    /**
     * Takes an image and copies it. If the log changed during that, tries again, up to {@value #MAX_ATTEMPTS} times.
     *
     * @param tier of the log; null for the place that its manifest names
     * @throws WalException if the log awaits recovery, one of its lists is damaged, or there is no log
     */
    public static <T> T copy(Path root, @Nullable Path tier, FileFunction<List<ImageFile>, T> copying) throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                return copying.apply(take(root, tier));
            } catch (ImageChangedException e) {
                if (attempt == MAX_ATTEMPTS) {
                    throw new IOException("log changed during every attempt to copy it: attempts=" + attempt + ", root=" + root + ", last change: "
                            + e.getMessage() + "; try again, make a checkpoint in the program that writes the log, or verify it:"
                            + " if no program writes it, that file is damaged", e);
                }
                LockSupport.parkNanos(attempt * PAUSE_NANOS);
            }
        }
    }

    /** The log's files now. */
    static List<ImageFile> take(Path root, @Nullable Path tier) throws IOException {
        LogImage image = new LogImage(root, tier);
        checkIsLog(root);
        image.addSmall(StreamDirectory.EARLIER_NAME, root.resolve(StreamDirectory.EARLIER_NAME), MAX_MARKER_BYTES);
        boolean hasStreams;
        try (LogSource log = new LogSource(root, SETTINGS, null)) {
            if (log.awaitsRecovery()) {
                throw refused("log awaits recovery: the machine was started anew since its writer had it open, root=" + root, root);
            }
            image.addCursors();
            int others = image.files.size();
            image.addStreams(log);
            hasStreams = image.files.size() > others;
        }
        image.addPositions(hasStreams);
        image.addKeys();
        return image.files;
    }

    private static WalException refused(String what, Path file) {
        return new WalException(what + "; open the log for writing once, and recover all of it, then copy it", file, null, WalException.NO_POSITION);
    }

    /**
     * Refuses a directory without a log, and one that only an earlier version could read.
     *
     * @throws WalException that says which of both it is
     */
    public static void checkIsLog(Path root) {
        if (Files.isDirectory(root.resolve(StreamDirectory.EARLIER_NAME))) {
            throw refused("log has the folder of an earlier version: folder=" + root.resolve(StreamDirectory.EARLIER_NAME), root);
        }
        if (!Files.isDirectory(root.resolve(StreamDirectory.NAME))) {
            throw new WalIOException("not a log, there is no folder \"" + StreamDirectory.NAME + "\": root=" + root + "; give the directory of a log",
                    root, null, WalException.NO_POSITION, null);
        }
    }

    private void addSmall(String name, Path file, int maxBytes) throws IOException {
        Optional<byte[]> bytes = LogFile.readSmall(file, maxBytes);
        if (bytes.isPresent() && bytes.get().length == maxBytes) {
            throw new IOException("file is too long to be copied: maxBytes=" + maxBytes + ", file=" + file + "; see whether the log's program wrote it");
        }
        bytes.ifPresent(content -> files.add(ImageFile.of(name, content)));
    }

    /** A copy that ends within an entry counts up to the entry before. */
    private void addCursors() throws IOException {
        for (Path cursor : CursorFiles.list(root)) {
            addSmall(CursorFiles.directory(root).getFileName().toString() + '/' + cursor.getFileName(), cursor, MAX_CURSOR_BYTES);
        }
    }

    private void addStreams(LogSource log) throws IOException {
        Manifest manifest = ManifestFile.read(root);
        StreamNames names = StreamNames.list(folder);
        if (names.directories().contains(StreamNames.SHARED)) {
            addSegments(names, StreamNames.SHARED, log);
            checkNothingCame(names);
        }
        if (ManifestFile.read(root).edits() != manifest.edits()) {
            throw new ImageChangedException("list of packs changed while the log was looked at: root=" + root, null);
        }
        for (String directory : names.directories()) {
            if (!directory.equals(StreamNames.SHARED)) {
                addSegments(names, directory, log);
            }
        }
        files.addAll(PackImage.of(root, manifest, tier));
    }

    /** Throws if a segment came since. A new shared segment doesn't matter: it is behind all that were walked. */
    private void checkNothingCame(StreamNames before) throws IOException {
        StreamNames now = StreamNames.list(folder);
        now.in(StreamNames.SHARED).clear();
        if (!now.isPartOf(before)) {
            throw new ImageChangedException("a stream got a segment while the log was looked at: root=" + root, null);
        }
    }

    private void addSegments(StreamNames names, String directory, LogSource log) throws IOException {
        NavigableSet<String> segments = names.in(directory);
        for (String segment : segments) {
            Path file = folder.resolve(directory).resolve(segment);
            try {
                addSegment(StreamDirectory.NAME + '/' + directory + '/' + segment, file, segments.tailSet(segment, false), log);
            } catch (NoSuchFileException e) {
                throw new ImageChangedException("segment was deleted while the log was looked at: file=" + file, e);
            }
        }
    }

    /**
     * Adds a segment. A damaged one that isn't appended to any more is copied as it is, because it won't change, and must not keep the rest of the
     * log from being copied. If only its footer is damaged, the copy gets a new footer.
     *
     * @param later names of the stream's segments behind it
     */
    private void addSegment(String name, Path file, NavigableSet<String> later, LogSource log) throws IOException {
        Path next = later.isEmpty() ? null : file.resolveSibling(later.first());
        BasicFileAttributes before = Files.readAttributes(file, BasicFileAttributes.class);
        try (LogFile bytes = LogFile.reading(file)) {
            SegmentHeader header = header(bytes);
            SegmentEnd end = SegmentEnd.read(bytes, header);
            if (end.isFinal()) {
                files.add(ImageFile.ofSealed(name, file, before));
                return;
            }
            if (log.awaitsRecovery(header) && (header.key().equals(StreamKey.SHARED) || !isAnySealed(later, file))) {
                throw refused("stream awaits recovery: stream=" + header.key() + ", file=" + file, file);
            }
            UnsealedEnd unsealed = UnsealedEnd.of(bytes, header, end.orByNext(header, previousEnd(next)));
            if (!unsealed.isEmpty()) {
                files.add(unsealed.sealed(name, file));
            }
        } catch (CorruptSegmentException e) {
            if (next == null) {
                throw e;
            }
            files.add(ImageFile.ofSealed(name, file, before));
        }
    }

    /**
     * Whether one of the stream's later segments has a footer, which proves that all before it is durable. So a segment that has lost its own footer, which
     * isn't forced, in a power loss awaits nothing: recovery looks at none before the newest footer, except of shared segments.
     */
    private static boolean isAnySealed(NavigableSet<String> later, Path file) throws IOException {
        for (String segment : later) {
            try (LogFile bytes = LogFile.reading(file.resolveSibling(segment))) {
                if (SegmentEnd.read(bytes, header(bytes)).isFinal()) {
                    return true;
                }
            } catch (CorruptSegmentException e) {
                // proves nothing
            }
        }
        return false;
    }

    /** Where the data before a segment ends, by the segment's header; -1 if the header doesn't say it. */
    private static long previousEnd(@Nullable Path segment) throws IOException {
        if (segment == null) {
            return -1;
        }
        try (LogFile bytes = LogFile.reading(segment)) {
            return header(bytes).previousEnd();
        } catch (CorruptSegmentException e) {
            return -1;
        }
    }

    private static SegmentHeader header(LogFile file) throws IOException {
        try {
            return SegmentBytes.readHeader(file);
        } catch (FormatException e) {
            throw new CorruptSegmentException(
                    e.at("file=" + file.path() + ", offset=0") + "; recover the log, or repair it from a backup, or delete the stream; then copy it",
                    file.path(), null, WalException.NO_POSITION, 0, SegmentHeaderLayout.MAX_BYTES, e);
        }
    }

    /**
     * The file is taken if one of its slots is valid; the writer may be writing the other one. A log has the file before its first segment, and a copy
     * without it couldn't be opened for writing.
     *
     * @param hasStreams whether the image has segments, which were listed before
     */
    private void addPositions(boolean hasStreams) throws IOException {
        Path file = PositionsReader.in(root);
        Optional<byte[]> bytes = PositionsReader.bytes(root);
        if (bytes.flatMap(PositionsLayout::decode).isPresent()) {
            files.add(ImageFile.of(PositionsLayout.FILE_NAME, bytes.get()));
        } else if (PositionsReader.read(root).isPresent()) {
            throw new ImageChangedException("file of positions was being written: file=" + file, null);
        } else if (hasStreams || bytes.isPresent()) {
            String how = bytes.isPresent() ? "is damaged" : "is missing";
            throw new CorruptSegmentException("file of the positions that the log has given " + how + ": file=" + file
                    + "; a copy without it couldn't be opened for writing, nor can the log: go on with an earlier copy",
                    file, null, WalException.NO_POSITION, 0, bytes.map(found -> found.length).orElse(0), null);
        }
    }

    private void addKeys() throws IOException {
        KeysFile.bytes(root).ifPresent(content -> {
            files.add(ImageFile.of(root.relativize(KeysFile.path(root)).toString(), content));
            files.add(ImageFile.of(root.relativize(KeysFile.copy(root)).toString(), content));
        });
    }
}
