package dev.streamwal.catalog;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.DirectoryListing;
import dev.streamwal.io.FileFunction;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.segment.FooterCache;
import dev.streamwal.segment.OwnSegment;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentReader;
import dev.streamwal.shared.SharedSegment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A stream's segments: those with files of their own, by the names in its directory, those in packs, by the packs' tables, and those in shared
 * segments. No segment file of the stream is opened to list them, and files with other names are ignored. A listing is kept until a caller misses
 * something and refreshes it. Thread-safe.
 *
 * <p><b>Why no segment is missed while it is being packed.</b> A segment is in the manifest, with its pack, before its file is deleted. So at every moment it
 * is in the directory, in the manifest, or in both. The manifest is read before and after the directory. If it is unchanged, it was the same while the
 * directory was read, and the two together show all segments of that time. A segment that is in both has the same bytes in both, and the file counts, because
 * it may be cut.
 *
 * <p>The same goes for shared segments, which are listed after the directory and before the manifest is read again. They are walked after the directory was
 * read, and then the directory is read again. Otherwise a stream that got a file of its own in between, and then shared again, would have a gap there.
 *
 * <p>Most streams have no directory. A missing directory isn't looked for again while the {@linkplain StreamDirectory#state() folder of streams} is as it was
 * before the directory was found missing.
 */
public final class SegmentCatalog {

    /** A look fails only if a segment is deleted during it. */
    private static final int MAX_LOOKS = 16;

    private final StreamKey key;
    private final Supplier<Path> directory;
    private final Folder folder;
    private final ChannelCache channels;
    private final FooterCache footers;
    private final PackCatalog packs;
    private final @Nullable SharedCatalog shared;
    private final ListingAge age;

    private volatile Merged merged = Merged.NOTHING;

    /** The segments with files, as the directory was read last. */
    @GuardedBy("this")
    private List<Segment> own = List.of();

    /** The directory's path at that time; null before the first reading. */
    @GuardedBy("this")
    private @Nullable Path ownDirectory;

    /** The state of the folder of streams before the directory was found missing; null if it wasn't missing. */
    @GuardedBy("this")
    private @Nullable Object missingIn;

    /** The segments in packs, as the manifest that {@link #listedBy} stands for lists them. */
    @GuardedBy("this")
    private List<Segment> packed = List.of();

    @GuardedBy("this")
    private PackCatalog.Listed packedBefore = PackCatalog.Listed.NOTHING;

    /**
     * The {@link Manifest#token} of that manifest, which isn't kept: each of thousands of catalogs may have a different one. Null before anything is listed.
     */
    @GuardedBy("this")
    private @Nullable Object listedBy;

    /** The parts in shared segments. */
    @GuardedBy("this")
    private List<Segment> parts = List.of();

    /** A chain, and the lists that it was made of. */
    private record Merged(ListedSegments chain, List<Segment> own, List<Segment> packed, List<Segment> parts) {

        private static final Merged NOTHING = new Merged(ListedSegments.EMPTY, List.of(), List.of(), List.of());

        boolean isOf(List<Segment> someOwn, List<Segment> somePacked, List<Segment> someParts) {
            return own.equals(someOwn) && packed.equals(somePacked) && parts.equals(someParts);
        }
    }

    /** The folder that the stream's directory is in, or would be. */
    @FunctionalInterface
    interface Folder {
        /** As {@link StreamDirectory#state()}. */
        Object state() throws IOException;

        /** As {@link StreamDirectory#isWithout}. */
        default boolean isWithout(Path directory, Object state) {
            return false;
        }
    }

    /**
     * The catalog of a stream.
     *
     * @param streams of the log
     * @param channels closes files that were deleted
     * @param footers cache of the log's footers
     * @param packs of the log
     * @param shared segments of the log; null for the shared stream itself
     */
    public SegmentCatalog(StreamKey key, StreamDirectory streams, ChannelCache channels, FooterCache footers, PackCatalog packs,
            @Nullable SharedCatalog shared) {
        this(key, () -> streams.of(key), streams, channels, footers, packs, shared, System::nanoTime);
    }

    SegmentCatalog(StreamKey key, Supplier<Path> directory, Folder folder, ChannelCache channels, FooterCache footers, PackCatalog packs,
            @Nullable SharedCatalog shared, LongSupplier nanoTime) {
        this.key = key;
        this.directory = directory;
        this.folder = folder;
        this.channels = channels;
        this.footers = footers;
        this.packs = packs;
        this.shared = shared;
        this.age = new ListingAge(nanoTime);
    }

    public StreamKey key() {
        return key;
    }

    /** The segments as listed last; empty before the first {@link #refresh()}. */
    public ListedSegments chain() {
        return merged.chain();
    }

    /** Opens a segment of the chain, for a caller who has had it listed, by {@link #refresh()} for instance, during the call that it answers. */
    public SegmentReader openListed(Segment segment) throws IOException {
        // to ask whether a pack is still listed takes a call of the file system
        return segment instanceof PackedSegment packed ? packed.openListed(channels) : segment.open(channels);
    }

    /** Whether the stream certainly has no directory any more, and was listed last with nothing but files of its own. If so, its files are closed. */
    boolean isGone() {
        ListedSegments last = chain();
        for (int i = 0; i < last.size(); i++) {
            if (!(last.get(i) instanceof OwnSegment)) {
                return false;
            }
        }
        boolean isGone = Files.notExists(directory.get());
        if (isGone) {
            forgetFiles();
        }
        return isGone;
    }

    /** Whether the stream had nothing when it was listed last, and no damaged file may have records of it. The chain alone doesn't tell the latter. */
    synchronized boolean isCertainlyEmpty() {
        return own.isEmpty() && packed.isEmpty() && parts.isEmpty();
    }

    /** Closes the stream's own files, except those that are being read. */
    void forgetFiles() {
        ListedSegments last = chain();
        for (int i = 0; i < last.size(); i++) {
            if (last.get(i) instanceof OwnSegment) {
                channels.forget(last.get(i).file());
            }
        }
    }

    /** Looks at the segments as listed last; if one is deleted during the look, looks again at a new listing. */
    public <T> T whileDeleting(FileFunction<ListedSegments, T> look) throws IOException {
        ListedSegments chain = chain();
        for (int attempt = 1; ; attempt++) {
            try {
                return look.apply(chain);
            } catch (NoSuchFileException e) {
                if (attempt == MAX_LOOKS) {
                    throw e;
                }
                chain = refresh();
            }
        }
    }

    /** Lists the segments again if they can have changed; empty if there are none. */
    public synchronized ListedSegments refresh() throws IOException {
        // an earlier one will do: the manifest never returns to an earlier state
        Object before = listedBy == null ? packs.earlierManifest().token() : listedBy;
        for (int attempt = 1; ; attempt++) {
            listOwn();
            SharedCatalog.Listing sharedNow = shared == null ? SharedCatalog.Listing.NOTHING : shared.list(key);
            Manifest after = packs.manifest();
            if (after.token().equals(before)) {
                try {
                    lookUp(after);
                    lookUp(sharedNow, after);
                    if (parts.isEmpty() || isOwnUnchanged()) {
                        return merge();
                    }
                } catch (NoSuchFileException e) {
                    // a pack was deleted: the manifest has changed
                    if (attempt == PackCatalog.MAX_ATTEMPTS) {
                        throw e;
                    }
                    after = packs.manifest();
                }
            }
            before = after.token();
            if (attempt == PackCatalog.MAX_ATTEMPTS) {
                throw new IOException("manifest of packs changed during every attempt to list the stream: attempts=" + attempt + ", stream=" + key
                        + ", directory=" + directory.get() + "; read again later");
            }
        }
    }

    /** Whether the directory is unchanged. If the stream got another file since, its parts in shared segments may come after that file. */
    @GuardedBy("this")
    private boolean isOwnUnchanged() throws IOException {
        List<Segment> listed = own;
        listOwn();
        return own.equals(listed);
    }

    @GuardedBy("this")
    private void lookUp(Manifest now) throws IOException {
        if (!now.token().equals(listedBy)) {
            packedBefore = packs.segments(key, now, packedBefore);
            List<Segment> found = packedBefore.counting();
            packed = found.isEmpty() && packed.isEmpty() ? packed : found;
            listedBy = now.token();
        }
    }

    @GuardedBy("this")
    private void lookUp(SharedCatalog.Listing sharedNow, Manifest now) throws IOException {
        if (shared != null && !sharedNow.segments().isEmpty()) {
            lookUp(shared, shared.caughtUp(sharedNow, now), now);
        } else {
            parts = parts.isEmpty() ? parts : List.of();
        }
    }

    @GuardedBy("this")
    private void lookUp(SharedCatalog catalog, List<SharedSegment> live, Manifest now) {
        List<Segment> found = new ArrayList<>();
        catalog.addParts(key, live, now, found);
        parts = found.equals(parts) ? parts : found;
    }

    /** Begins with what another catalog of the stream, which stays as it is, has found in packs. Called before anything is listed. */
    synchronized void beginWith(SegmentCatalog other) {
        synchronized (other) {
            boolean isReadable = true;
            // a loop: see Manifest
            for (Segment segment : other.packed) {
                // a table that is damaged may have been written anew
                isReadable &= !(segment instanceof UnreadableFile);
            }
            listedBy = isReadable ? other.listedBy : null;
            packed = isReadable ? other.packed : List.of();
            packedBefore = other.packedBefore;
            merged = other.merged;
        }
    }

    /** Whether both have the same list of packs. */
    boolean hasSamePacks(SegmentCatalog other) {
        return Objects.equals(listedBy(), other.listedBy());
    }

    private synchronized @Nullable Object listedBy() {
        return listedBy;
    }

    /**
     * Lists the segments of a stream without a directory.
     *
     * @param live the shared segments that aren't packed, as of the manifest
     */
    synchronized void list(Manifest now, List<SharedSegment> live) throws IOException {
        SharedCatalog catalog = Objects.requireNonNull(shared, "the stream that others share has a directory");
        try {
            lookUp(now);
        } catch (NoSuchFileException e) {
            // a pack was deleted: the manifest has changed
            ListedSegments unused = refresh();
            return;
        }
        lookUp(catalog, live, now);
        ListedSegments unused = merge();
    }

    @GuardedBy("this")
    private ListedSegments merge() throws IOException {
        if (!merged.isOf(own, packed, parts)) {
            merged = new Merged(new ListedSegments(packed.isEmpty() && parts.isEmpty() ? own : inOrder(own, packed, parts)), own, packed, parts);
        }
        return merged.chain();
    }

    /** All segments in order of position; of two at the same position the one with a file of its own. */
    private List<Segment> inOrder(List<Segment> files, List<Segment> inPacks, List<Segment> inShared) throws IOException {
        NavigableMap<Long, Segment> byPosition = new TreeMap<>();
        List<UnreadableFile> unreadable = new ArrayList<>();
        for (List<Segment> some : List.of(inShared, inPacks, files)) {
            for (Segment segment : some) {
                if (segment instanceof UnreadableFile file) {
                    unreadable.add(file);
                } else {
                    byPosition.put(segment.basePosition(), segment);
                }
            }
        }
        for (UnreadableFile file : unreadable) {
            file.placeInto(byPosition, channels);
        }
        // after them: what is in a file that can't be read now isn't lost
        UnreadableFile.placeLost(byPosition, channels);
        return new ArrayList<>(byPosition.values());
    }

    // ---------------------------------------------------------------- files

    /** Reads the directory, unless it can't have changed. */
    @GuardedBy("this")
    private void listOwn() throws IOException {
        // in the same way as StreamDirectory.read
        Path where = directory.get();
        try {
            listOwn(where);
        } catch (IOException e) {
            if (where.equals(directory.get())) {
                throw e;
            }
        }
        if (!where.equals(directory.get())) {
            listOwn(directory.get());
        }
    }

    @GuardedBy("this")
    private void listOwn(Path where) throws IOException {
        if (!where.equals(ownDirectory)) {
            // the folder was renamed: the segments listed before have other paths
            forgetOwn();
            ownDirectory = where;
            missingIn = null;
            age.forget();
        }
        // only a stream without files may be missing; asked before the directory is looked for
        Object before = own.isEmpty() ? folder.state() : null;
        if (before != null && before.equals(missingIn)) {
            return;
        }
        missingIn = null;
        if (before != null && folder.isWithout(where, before)) {
            missing(before);
            return;
        }
        FileTime now;
        try {
            now = Files.getLastModifiedTime(where);
        } catch (NoSuchFileException e) {
            missing(before);
            return;
        }
        if (!age.isCurrent(now)) {
            listAnew(where);
            age.listed();
        }
    }

    @GuardedBy("this")
    private void missing(@Nullable Object in) {
        age.forget();
        forgetOwn();
        missingIn = in;
    }

    @GuardedBy("this")
    private void forgetOwn() {
        for (Segment segment : own) {
            channels.forget(segment.file());
        }
        own = own.isEmpty() ? own : List.of();
    }

    @GuardedBy("this")
    private void listAnew(Path where) throws IOException {
        Map<String, Segment> known = new HashMap<>();
        for (Segment segment : own) {
            known.put(segment.name().fileName(), segment);
        }
        Map<String, Segment> found = channels.makingRoom(() -> list(where, known));
        if (!known.keySet().containsAll(found.keySet())) {
            Map<String, Segment> first = found;
            found = withoutGap(first, channels.makingRoom(() -> list(where, first)));
        }
        for (Segment segment : known.values()) {
            if (!found.containsKey(segment.name().fileName())) {
                channels.forget(segment.file());
            }
        }
        if (!found.keySet().equals(known.keySet())) {
            List<Segment> sorted = new ArrayList<>(found.values());
            Collections.sort(sorted);
            own = sorted;
        }
    }

    /**
     * A file that gets its name while a directory is read may be listed or not. So a listing may have a new segment, and lack the one before it,
     * which a reader would take for deleted. Every segment up to the newest one listed first had its name before the second listing began, so the
     * second listing has it. Newer ones in the second listing may have a gap before them again, and are left to the next refresh.
     */
    private static Map<String, Segment> withoutGap(Map<String, Segment> first, Map<String, Segment> second) {
        Segment newest = Collections.max(first.values());
        second.values().removeIf(segment -> segment.compareTo(newest) > 0);
        return second;
    }

    /** The segments by file name; the same objects as before for known ones. */
    private Map<String, Segment> list(Path where, Map<String, Segment> known) throws IOException {
        Map<String, Segment> found = new HashMap<>();
        DirectoryListing.eachIfThere(where, file -> {
            String fileName = file.getFileName().toString();
            Segment listed = known.get(fileName);
            if (listed != null) {
                found.put(fileName, listed);
            } else {
                SegmentName.parse(fileName).ifPresent(name -> found.put(fileName, new OwnSegment(key, name, file, footers)));
            }
        });
        return found;
    }
}
