package dev.streamwal.catalog;

import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.segment.FooterCache;
import dev.streamwal.segment.OwnSegment;
import dev.streamwal.segment.Segment;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A stream's segments: those with files of their own, by the names in its directory, and those in packs, by the packs' tables. No segment is
 * opened to list them, and files with other names are somebody else's. What was listed is kept until somebody misses something and refreshes
 * it. Thread-safe.
 *
 * <p><b>Why nothing is missed that is being packed.</b> A segment is in the manifest, with its pack, before its file is deleted. So at every
 * moment it is in the directory, in the manifest, or in both. The manifest is looked at behind the directory: if it is what it was before, it
 * was that while the directory was read, and the two together are what there was then. What is in both is the same, byte for byte, and the
 * file counts: it may be cut. The same goes for shared segments, which are listed between the two. They are walked behind the directory, and the
 * directory is looked at again behind that: a stream that went on in a file of its own meanwhile, and shares again, would have a gap there.
 */
public final class SegmentCatalog {

    private final StreamKey key;
    private final Supplier<Path> directory;
    private final ChannelCache channels;
    private final FooterCache footers;
    private final PackCatalog packs;
    private final @Nullable SharedCatalog shared;
    private final ListingAge age;

    private volatile SegmentChain chain = SegmentChain.EMPTY;

    /** As the directory was read last. */
    @GuardedBy("this")
    private List<Segment> own = List.of();

    /** Where that was; null where it wasn't read yet. */
    @GuardedBy("this")
    private @Nullable Path ownDirectory;

    /** By {@link #manifest}. */
    @GuardedBy("this")
    private List<Segment> packed = List.of();

    @GuardedBy("this")
    private final PackCatalog.Known packedBefore = new PackCatalog.Known();

    @GuardedBy("this")
    private @Nullable Manifest manifest;

    /** What {@link #chain} was made of. */
    @GuardedBy("this")
    private List<Segment> ownInChain = own;

    @GuardedBy("this")
    private List<Segment> packedInChain = packed;

    /** In shared segments. */
    @GuardedBy("this")
    private List<Segment> parts = List.of();

    @GuardedBy("this")
    private List<Segment> partsInChain = parts;

    /**
     * Of a stream.
     *
     * @param directory where it is now
     * @param channels told of files that have gone
     * @param footers what is kept of the log's footers
     * @param packs of the log
     * @param shared segments of the log; null for the stream that they are of
     */
    public SegmentCatalog(StreamKey key, Supplier<Path> directory, ChannelCache channels, FooterCache footers, PackCatalog packs,
            @Nullable SharedCatalog shared) {
        this(key, directory, channels, footers, packs, shared, System::nanoTime);
    }

    SegmentCatalog(StreamKey key, Supplier<Path> directory, ChannelCache channels, FooterCache footers, PackCatalog packs,
            @Nullable SharedCatalog shared, LongSupplier nanoTime) {
        this.key = key;
        this.directory = directory;
        this.channels = channels;
        this.footers = footers;
        this.packs = packs;
        this.shared = shared;
        this.age = new ListingAge(nanoTime);
    }

    /** Of the stream. */
    public StreamKey key() {
        return key;
    }

    /** As listed last; empty before the first {@link #refresh()}. */
    public SegmentChain chain() {
        return chain;
    }

    /** Whether it is certain that the stream has no directory any more, and that nothing of it is in a pack; then its files are let go of. */
    boolean isGone() {
        if (!Files.notExists(directory.get())) {
            return false;
        }
        SegmentChain last = chain;
        boolean anyPacked = false;
        for (int i = 0; i < last.size(); i++) {
            anyPacked |= !(last.get(i) instanceof OwnSegment);
        }
        if (!anyPacked) {
            forgetFiles(last);
        }
        return !anyPacked;
    }

    private void forgetFiles(SegmentChain last) {
        for (int i = 0; i < last.size(); i++) {
            channels.forget(last.get(i).file());
        }
    }

    /** Looks at what there is now, as far as that can have changed; empty where there is nothing. */
    public synchronized SegmentChain refresh() throws IOException {
        // as it was the last time will do: it is never again what it was once
        Manifest before = manifest == null ? packs.manifest() : manifest;
        for (int attempt = 1; ; attempt++) {
            listOwn();
            SharedCatalog.Listing sharedNow = shared == null ? SharedCatalog.Listing.NOTHING : shared.list();
            Manifest after = packs.manifest();
            if (after.equals(before)) {
                try {
                    lookUp(after);
                    lookUp(sharedNow, after);
                    if (parts.isEmpty() || isOwnUnchanged()) {
                        return merge();
                    }
                } catch (NoSuchFileException e) {
                    // the manifest says why
                    if (attempt == PackCatalog.MAX_ATTEMPTS) {
                        throw e;
                    }
                    after = packs.manifest();
                }
            }
            before = after;
            if (attempt == PackCatalog.MAX_ATTEMPTS) {
                throw new IOException("manifest of packs changed during every attempt to list the stream: attempts=" + attempt + ", stream=" + key
                        + ", directory=" + directory.get() + "; read again later");
            }
        }
    }

    /** Where the stream has got another file meanwhile, what it has in shared segments may stand behind that. */
    @GuardedBy("this")
    private boolean isOwnUnchanged() throws IOException {
        List<Segment> listed = own;
        listOwn();
        return own.equals(listed);
    }

    @GuardedBy("this")
    private void lookUp(Manifest now) throws IOException {
        if (!now.equals(manifest)) {
            List<Segment> found = packs.segments(key, now, packedBefore, this::moved);
            packed = found.isEmpty() && packed.isEmpty() ? packed : found;
            manifest = now;
        }
    }

    @GuardedBy("this")
    private void lookUp(SharedCatalog.Listing sharedNow, Manifest now) throws IOException {
        if (shared != null && !sharedNow.segments().isEmpty()) {
            List<Segment> found = new ArrayList<>();
            shared.addParts(key, sharedNow, now, found);
            parts = found.equals(parts) ? parts : found;
        } else {
            parts = parts.isEmpty() ? parts : List.of();
        }
    }

    @GuardedBy("this")
    private SegmentChain merge() throws IOException {
        if (!own.equals(ownInChain) || !packed.equals(packedInChain) || !parts.equals(partsInChain)) {
            chain = new SegmentChain(packed.isEmpty() && parts.isEmpty() ? own : merged(own, packed, parts));
            ownInChain = own;
            packedInChain = packed;
            partsInChain = parts;
        }
        return chain;
    }

    /** In order of position; of two that begin at one position the one with a file of its own. */
    private List<Segment> merged(List<Segment> files, List<Segment> inPacks, List<Segment> inShared) throws IOException {
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
        return new ArrayList<>(byPosition.values());
    }

    /**
     * Where the segment stands now whose file has gone; null where it was deleted. In packs it may be a part of a larger one: what was listed in a
     * pack gets its own part of that, so that who goes by an older list finds each record once. What stood in a shared segment may have been
     * longer than it was listed, and gets all from its beginning on: see {@link SegmentChain#joined}.
     */
    @Nullable Segment moved(Segment gone) throws IOException {
        SegmentChain now = refresh();
        int index = now.floor(gone.basePosition());
        Segment around = index < 0 ? null : now.get(index);
        if (around == null || around.file().equals(gone.file())) {
            return null;
        }
        if (around instanceof PackedSegment packed && packed.listedEnd() > gone.basePosition()) {
            return packed.between(gone.basePosition(), gone instanceof PackedSegment ? gone.listedEnd() : Long.MAX_VALUE);
        }
        return around.basePosition() == gone.basePosition() ? around : null;
    }

    // ---------------------------------------------------------------- files

    /** Reads the directory, unless it can't have changed. */
    @GuardedBy("this")
    private void listOwn() throws IOException {
        // as StreamDirectory reads
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
            // what was listed before has other paths
            own.forEach(segment -> channels.forget(segment.file()));
            own = List.of();
            ownDirectory = where;
            age.forget();
        }
        FileTime now;
        try {
            now = Files.getLastModifiedTime(where);
        } catch (NoSuchFileException e) {
            age.forget();
            listAnew(where);
            return;
        }
        if (!age.isCurrent(now)) {
            listAnew(where);
            age.listed();
        }
    }

    @GuardedBy("this")
    private void listAnew(Path where) throws IOException {
        Map<String, Segment> known = new HashMap<>();
        own.forEach(segment -> known.put(segment.name().fileName(), segment));
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
     * What is named while a directory is read may be listed or not: so a new segment may be, and the one before it, which was named
     * earlier, may not, and a reader would take it for deleted. Everything up to the newest that was listed had its name before the second
     * listing began, which therefore has it; what the second has beyond that may have a gap before it again, and is left to the next
     * refresh.
     */
    private static Map<String, Segment> withoutGap(Map<String, Segment> first, Map<String, Segment> second) {
        Segment newest = Collections.max(first.values());
        second.values().removeIf(segment -> segment.compareTo(newest) > 0);
        return second;
    }

    /** By file name; the same objects as before for what is known. */
    private Map<String, Segment> list(Path where, Map<String, Segment> known) throws IOException {
        Map<String, Segment> found = new HashMap<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(where)) {
            for (Path file : files) {
                String fileName = file.getFileName().toString();
                Segment listed = known.get(fileName);
                if (listed != null) {
                    found.put(fileName, listed);
                } else {
                    SegmentName.parse(fileName).ifPresent(name -> found.put(fileName, new OwnSegment(key, name, file, footers, this::moved)));
                }
            }
        } catch (NoSuchFileException | NotDirectoryException e) {
            found.clear();
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return found;
    }
}
