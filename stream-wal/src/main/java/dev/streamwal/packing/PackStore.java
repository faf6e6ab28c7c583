package dev.streamwal.packing;

import dev.streamwal.append.PackedData;
import dev.streamwal.catalog.PackCatalog;
import dev.streamwal.format.Footer;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.manifest.ManifestWriter;
import dev.streamwal.manifest.VoidRange;
import dev.streamwal.pack.PackEntry;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.pack.PackHeader;
import dev.streamwal.pack.PackReader;
import dev.streamwal.pack.PackWalk;
import dev.streamwal.pack.PackWriter;
import dev.streamwal.pack.PackedBytes;
import dev.streamwal.recovery.RecoveredTail;
import dev.streamwal.recovery.SegmentCut;
import dev.streamwal.segment.FooterCache;
import dev.streamwal.storage.SegmentCopy;
import dev.streamwal.storage.WriterFence;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/** The packs of a log that is being written. Thread-safe. */
public final class PackStore implements PackedData {

    /*
     * Who excludes whom.
     *
     * A pack is made of files that nobody else changes meanwhile, and the files go when the manifest says that the pack has what they had.
     * What may come between: a sweep, a purge or a deletion takes a file away that is in the pack by then, and the pack would bring it back; a
     * cut shortens it. So these hold `changing` as readers, as many as there are, while packing, and a cut that takes a segment out of a pack,
     * hold it alone. A job is small (see Packer), so nobody waits for long. Appends, commits, rotation, sealing and readers never ask for it.
     *
     * Lock order: `changing`, then a stream's rotation lock.
     */
    private final ReadWriteLock changing = new ReentrantReadWriteLock();

    /** What is read of packs here are tables. */
    private static final int MAX_OPEN_FILES = 16;

    private final Path root;
    private final ManifestWriter manifest;
    private final WriterFence fence;
    private final ChannelCache channels = new ChannelCache(MAX_OPEN_FILES);
    private final PackCatalog catalog;
    private long lastNumber;

    private PackStore(Path root, ManifestWriter manifest, WriterFence fence) {
        this.root = root;
        this.manifest = manifest;
        this.fence = fence;
        this.catalog = new PackCatalog(root, channels, new FooterCache(), manifest::current);
    }

    /**
     * Reads which packs there are, and deletes what a writer that was cut short has left of others.
     *
     * @param root of the log
     */
    public static PackStore open(Path root, WriterFence fence) throws IOException {
        PackStore store = new PackStore(root, ManifestWriter.open(root), fence);
        store.deleteLeftovers();
        return store;
    }

    private void deleteLeftovers() throws IOException {
        lastNumber = manifest.current().highestNumber();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(PackFiles.directory(root))) {
            for (Path file : files) {
                String name = file.getFileName().toString();
                OptionalLong number = PackFiles.parse(name);
                boolean isUnlisted = number.isPresent() && manifest.current().pack(number.getAsLong()).isEmpty();
                lastNumber = Math.max(lastNumber, number.orElse(0));
                if (isUnlisted || PackFiles.parseTemporary(name).isPresent()) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (NoSuchFileException e) {
            // there has never been one
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }

    /** Held by those that may run beside each other: who takes files away, or copies them. */
    public Lock deleting() {
        return changing.readLock();
    }

    /** Held by who packs, or takes a segment out of a pack. */
    public Lock packing() {
        return changing.writeLock();
    }

    /** As it is now. */
    public Manifest manifest() {
        return manifest.current();
    }

    /** All packs, those of older windows first. */
    public List<ListedPack> packs() {
        return manifest.current().packsInOrder();
    }

    /** Whether there is none. */
    public boolean isEmpty() {
        return packs().isEmpty();
    }

    /** How many segments in packs count. */
    public long segments() throws IOException {
        long segments = 0;
        Manifest now = manifest.current();
        for (ListedPack pack : now.packsInOrder()) {
            segments += now.mayHaveVoids(pack.number()) ? counting(pack, now) : pack.segments();
        }
        return segments;
    }

    private long counting(ListedPack pack, Manifest now) throws IOException {
        long segments = 0;
        PackWalk walk = reader(pack).walk();
        for (Optional<PackEntry> next = walk.next(); next.isPresent(); next = walk.next()) {
            PackEntry entry = next.get();
            segments += now.isVoid(entry.key(), entry.basePosition(), pack.number()) ? 0 : 1;
        }
        return segments;
    }

    /** Where a pack is. */
    public Path file(ListedPack pack) {
        return PackFiles.pack(root, pack.number());
    }

    /** The pack, open. */
    public PackReader reader(ListedPack pack) throws IOException {
        return catalog.reader(pack);
    }

    /** A segment in a pack. */
    public record Place(ListedPack pack, PackEntry entry) {}

    /** The stream's segments in packs, as far as they count, in order of position. */
    public List<Place> find(StreamKey key) throws IOException {
        Manifest now = manifest.current();
        List<Place> places = new ArrayList<>();
        for (ListedPack pack : now.packsInOrder()) {
            for (PackEntry entry : reader(pack).find(key)) {
                if (!now.isVoid(key, entry.basePosition(), pack.number())) {
                    places.add(new Place(pack, entry));
                }
            }
        }
        places.sort((a, b) -> Long.compare(a.entry().basePosition(), b.entry().basePosition()));
        return places;
    }

    /** The stream's newest segment in a pack. */
    public Optional<Place> newest(StreamKey key) throws IOException {
        List<Place> places = isEmpty() ? List.of() : find(key);
        return places.isEmpty() ? Optional.empty() : Optional.of(places.get(places.size() - 1));
    }

    /** Adds the keys of streams that have a segment in a pack. */
    public void addKeys(Set<String> keys) throws IOException {
        catalog.addKeys(manifest.current(), key -> true, keys, damage -> { });
    }

    @Override
    public Optional<End> end(StreamKey key) throws IOException {
        return newest(key).map(place -> new End(place.entry().endPosition(), place.pack().window().startMillis()));
    }

    @Override
    public Optional<Held> holding(StreamKey key, long position) throws IOException {
        List<Place> places = isEmpty() ? List.of() : find(key);
        for (Place place : places) {
            if (place.entry().basePosition() <= position && position < place.entry().endPosition()) {
                return Optional.of(new HeldSegment(place));
            }
        }
        return Optional.empty();
    }

    private final class HeldSegment implements Held {

        private final Path file;
        private final SegmentHeader header;
        private final PackedBytes bytes;

        HeldSegment(Place place) throws IOException {
            PackReader pack = reader(place.pack());
            this.file = pack.file();
            this.header = pack.segmentHeader(place.entry());
            this.bytes = pack.open(place.entry());
        }

        @Override
        public SegmentHeader header() {
            return header;
        }

        @Override
        public SegmentBytes bytes() {
            return bytes;
        }

        @Override
        public Path file() {
            return file;
        }

        @Override
        public void close() {
            bytes.close();
        }
    }

    /**
     * What stays of the segment that is cut is written to a pack of its own, which the manifest lists with the same change by which the segment, and
     * those behind it, don't count any more.
     */
    @Override
    public void cut(StreamKey key, long from, long to) throws IOException {
        List<Place> behind = isEmpty() ? List.of() : find(key).stream()
                .filter(place -> place.entry().endPosition() > from && place.entry().basePosition() < to).toList();
        if (behind.isEmpty()) {
            return;
        }
        Place first = behind.get(0);
        long base = first.entry().basePosition();
        if (base >= from) {
            forget(key, base, to);
            return;
        }
        ListedPack kept = writeBeginning(first, from);
        fence.check();
        manifest.addAndMakeVoid(kept, List.of(new VoidRange(key, base, to, kept.number())));
    }

    private ListedPack writeBeginning(Place place, long end) throws IOException {
        PackHeader whole = reader(place.pack()).header();
        PackHeader header = inPlaceOf(whole);
        try (HeldSegment segment = new HeldSegment(place); PackWriter writer = write(header)) {
            int dataEnd = (int) segment.header().offsetOf(end);
            RecoveredTail tail = SegmentCut.walk(segment.bytes(), segment.header(), dataEnd).orElseThrow(() -> new IOException(
                    "a stream is cut behind a record: position=" + end + ", stream=" + place.entry().key() + ", file=" + segment.file()));
            writer.add(segment.header().with(true, 0), new Footer(dataEnd, tail.lastSize(), tail.index()), segment.bytes());
            return PackSweep.listed(header, writer.finish());
        }
    }

    /** Whether it still counts. */
    boolean counts(ListedPack pack, PackEntry entry) {
        return !manifest.current().isVoid(entry.key(), entry.basePosition(), pack.number());
    }

    /** The number of a pack to be made: no pack that was ever listed has it. */
    synchronized long newNumber() {
        return ++lastNumber;
    }

    /** A pack to be written. */
    PackWriter write(PackHeader header) throws IOException {
        manifest.begin();
        return PackWriter.create(root, header);
    }

    /** Of a pack with some segments of another one. */
    PackHeader inPlaceOf(PackHeader before) {
        return new PackHeader(newNumber(), before.window(), before.expirationMillis(), before.optionsHash(), before.level(),
                before.createdMillis(), before.incarnation());
    }

    /** The pack is whole and durable: from now on it has what it holds. */
    void add(ListedPack pack) throws IOException {
        fence.check();
        manifest.replace(List.of(pack), List.of());
    }

    /** Packs go, and others have what stays of them. */
    void replace(List<ListedPack> gone, List<ListedPack> carried) throws IOException {
        fence.check();
        manifest.replace(carried, gone.stream().map(ListedPack::number).toList());
        catalog.keepOnly(manifest.current());
        for (ListedPack pack : gone) {
            // after the edit: a reader that doesn't find it looks at the manifest again
            Files.deleteIfExists(file(pack));
        }
    }

    /** In no pack that there is now has the stream what begins at positions {@code [from, to)}; durably. */
    void forget(StreamKey key, long from, long to) throws IOException {
        fence.check();
        manifest.makeVoid(List.of(new VoidRange(key, from, to, manifest.current().highestNumber() + 1)));
    }

    /**
     * Copies what there is now into another log's directory; packs by hard links where the file system can. With the lock of who deletes.
     */
    public void copyTo(Path target) throws IOException {
        if (isEmpty()) {
            return;
        }
        ManifestWriter copy = ManifestWriter.open(target);
        DirectoryForce.create(PackFiles.directory(target));
        List<ListedPack> packs = new ArrayList<>(packs());
        packs.sort(Comparator.comparingLong(ListedPack::number));
        for (ListedPack pack : packs) {
            SegmentCopy.linkOrCopy(file(pack), PackFiles.pack(target, pack.number()));
        }
        copy.replace(packs, List.of());
        copy.makeVoid(manifest.current().voidRanges());
    }

    /** Closes what is open. */
    public void close() {
        channels.close();
    }
}
