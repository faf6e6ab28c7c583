package dev.streamwal.catalog;

import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.KeyScope;
import dev.streamwal.format.Positions;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.BootId;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.FileFunction;
import dev.streamwal.io.FileOperation;
import dev.streamwal.io.LogIdentity;
import dev.streamwal.io.ReadFailures;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.segment.FooterCache;
import dev.streamwal.segment.ReadSettings;
import dev.streamwal.segment.Segment;
import dev.streamwal.tier.TierAlone;
import dev.streamwal.tier.TierReads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashSet;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A log for reading: its streams, their catalogs, its open files, and, in the writer's process, its writer. Thread-safe. */
public final class LogSource implements AutoCloseable {

    /** The list of packs changes a few times a window. */
    private static final int MAX_KEY_LISTINGS = 4;

    private final Path root;
    private final ReadSettings settings;
    private final @Nullable WriterView writer;
    private final ChannelCache channels;
    private final FooterCache footers = new FooterCache();
    private final ReadFailures failures;
    private final StreamDirectory streams;
    private final PackCatalog packs;
    private final boolean isOfTierAlone;
    private final SharedCatalog shared;
    /** Only of streams that have segments, so that asking for other keys takes no memory. */
    private final KeptCatalogs catalogs = new KeptCatalogs();
    /** Kept, because making and encoding a path takes as long as asking for its attributes. */
    private final Path identityFile;
    /** Null until it is seen that the log was opened for writing. */
    private volatile @Nullable LogIdentity identity;
    /** Whether a log that had an identity was at the path before. */
    private final boolean isAfterAnother;

    /** @param writer null in a process that doesn't write the log */
    public LogSource(Path root, ReadSettings settings, @Nullable WriterView writer) {
        this(root, settings, writer, channels(settings), null, false);
    }

    /** The log that is at the path now, in place of one that {@link #isReplaced()}. */
    public LogSource anew() {
        return new LogSource(root, settings, writer, channels.anew(), null, true);
    }

    private static ChannelCache channels(ReadSettings settings) {
        return new ChannelCache(settings.maxOpenFiles(), settings.mappedReads(), settings.directScans());
    }

    private LogSource(Path root, ReadSettings settings, @Nullable WriterView writer, ChannelCache channels, @Nullable TierAlone alone,
            boolean isAfterAnother) {
        this.root = root;
        this.isAfterAnother = isAfterAnother;
        this.identityFile = root.resolve(LogIdentity.FILE_NAME);
        this.identity = isAfterAnother ? identityNow(identityFile) : null;
        this.isOfTierAlone = alone != null;
        this.settings = settings;
        this.writer = writer;
        this.channels = channels;
        this.failures = new ReadFailures(root, channels);
        this.streams = new StreamDirectory(root, channels);
        FileOperation<Manifest> manifests = alone == null ? new ManifestView(root, writer)::current : alone::current;
        this.packs = new PackCatalog(root, channels, footers, settings.blockCacheBytes(), manifests, alone == null ? manifests : alone::anew,
                new TierReads(settings.tier(), root, settings.tierCacheBytes()), isOfTierAlone);
        this.shared = new SharedCatalog(streams, channels, footers, packs, this::sharedEnd);
    }

    /** A log that exists only in its tier; the settings have the tier's place. */
    public static LogSource ofTier(TierAlone tier, ReadSettings settings) {
        return new LogSource(tier.root(), settings, null, channels(settings), tier, false);
    }

    /**
     * The same, looked at for the first time.
     *
     * @throws IOException if the tier fails, or isn't one
     */
    public static LogSource ofTier(Path tier, ReadSettings settings) throws IOException {
        return ofTier(TierAlone.open(tier), settings);
    }

    /** Whether the log exists only in its tier: then it has no directory. */
    public boolean isOfTierAlone() {
        return isOfTierAlone;
    }

    public Path root() {
        return root;
    }

    public ReadSettings settings() {
        return settings;
    }

    /** Null in a process that doesn't write the log. */
    public @Nullable WriterView writer() {
        return writer;
    }

    /** Its open files. */
    public ChannelCache channels() {
        return channels;
    }

    public PackCatalog packs() {
        return packs;
    }

    public SharedCatalog shared() {
        return shared;
    }

    /** Its streams' directories. */
    public StreamDirectory streams() {
        return streams;
    }

    /**
     * The selected keys of streams that have a segment, in their natural order; without those that can't be read. A stream whose packed records expire while it
     * gets new ones would be seen in neither. So the keys are listed again until the list of packs is the same before and after.
     */
    public NavigableSet<String> keys(KeyScope scope) throws IOException {
        for (int attempt = 1; ; attempt++) {
            Manifest before = packs.manifest();
            NavigableSet<String> keys = keysOnce(scope);
            if (attempt == MAX_KEY_LISTINGS || packs.manifest().equals(before)) {
                return keys;
            }
        }
    }

    private NavigableSet<String> keysOnce(KeyScope scope) throws IOException {
        NavigableSet<String> keys = streams.keys(scope::contains);
        keys.remove(StreamKey.SHARED.text());
        // before the packs: records are in packs before they leave shared segments
        boolean unused = packs.look(manifest -> {
            shared.addKeys(manifest, scope::contains, keys);
            return true;
        });
        packs.addKeys(scope, keys);
        return keys;
    }

    /**
     * Those of the keys whose streams certainly have no segment. Empty if the folder of segments is missing or empty, as on a disk that isn't mounted. A stream
     * that may have records in a damaged file isn't among them.
     */
    public Set<String> gone(Collection<String> keys) throws IOException {
        LogListing listing = listing(keys);
        Set<String> gone = new HashSet<>();
        if (listing.hasDirectories()) {
            for (String key : keys) {
                if (listing.catalog(key).isCertainlyEmpty()) {
                    gone.add(key);
                }
            }
        }
        return gone;
    }

    /** The end of the reserved space in the shared stream; 0 in a process that doesn't write the log. */
    private long sharedEnd() {
        return writer == null ? 0 : writer.reservedEnd(StreamKey.SHARED.text()).orElse(0);
    }

    /** The stream's segments as listed before; listed anew if there were none. */
    public SegmentCatalog catalog(String key) throws IOException {
        SegmentCatalog known = catalogs.get(key);
        return known != null && known.chain().size() > 0 ? known : listAnew(key);
    }

    /**
     * The catalog for a walk that goes on in a segment of the stream. In a pack it lists nothing before the walk asks for another segment: a packed segment
     * says itself where it ends.
     */
    public SegmentCatalog catalog(String key, @Nullable Segment in) throws IOException {
        return in instanceof PackedSegment ? emptyCatalog(in.key()) : catalog(key);
    }

    /** The stream's segments, listed now. */
    public SegmentCatalog freshCatalog(String key) throws IOException {
        SegmentCatalog known = catalogs.get(key);
        if (known == null) {
            return listAnew(key);
        }
        if (known.refresh().size() == 0) {
            catalogs.remove(key);
        } else {
            catalogs.listed(known);
        }
        return known;
    }

    /** As {@link #freshCatalog}, but not kept for other calls. */
    public SegmentCatalog unsharedCatalog(String key) throws IOException {
        recover(key);
        SegmentCatalog listed = emptyCatalog(StreamKey.of(key));
        listed.refresh();
        return listed;
    }

    /** The segments of streams, by key, for looking at each: of many they are listed now, at once. */
    public FileFunction<String, SegmentCatalog> catalogs(Collection<String> keys) throws IOException {
        return keys.size() <= 1 ? this::freshCatalog : listing(keys)::catalog;
    }

    /** The segments of many streams, listed now, at once. */
    public LogListing listing(Collection<String> keys) throws IOException {
        return LogListing.of(this, keys);
    }

    /** A catalog that hasn't listed anything, and isn't kept for other calls. */
    SegmentCatalog emptyCatalog(StreamKey key) {
        return new SegmentCatalog(key, streams, channels, footers, packs, shared);
    }

    /** Lets a catalog that hasn't listed anything begin with what is known of its stream. */
    void beginWithKnown(SegmentCatalog empty) {
        SegmentCatalog known = catalogs.get(empty.key().text());
        if (known != null) {
            empty.beginWith(known);
        }
    }

    /** Whether catalogs of so many streams can be kept. */
    boolean keepsCatalogs(int streams) {
        return catalogs.keeps(streams);
    }

    /** Keeps it for other calls, in place of one that has listed another state of the packs; not of a stream without segments. */
    void keep(SegmentCatalog listed) {
        if (listed.chain().size() > 0) {
            catalogs.keepInstead(listed);
        }
    }

    private SegmentCatalog listAnew(String key) throws IOException {
        recover(key);
        SegmentCatalog listed = emptyCatalog(StreamKey.of(key));
        if (listed.refresh().size() == 0) {
            catalogs.remove(key);
            return listed;
        }
        SegmentCatalog kept = catalogs.keep(listed);
        if (kept.chain().size() == 0) {
            kept.refresh();
        }
        return kept;
    }

    /** Makes the writer in this process recover the stream, which asking for its end does: a reader must not see a stream before its recovery. */
    void recover(String key) {
        if (writer != null) {
            OptionalLong unused = writer.reservedEnd(key);
        }
    }

    /** Number of catalogs that are kept. */
    int catalogs() {
        return catalogs.size();
    }

    /** The position where a stream without segments begins. In such a stream every record below it has expired. */
    public long start() throws IOException {
        return positions().map(Positions::start).orElse(0L);
    }

    /** What the log's writer says about positions; empty if there is no such file, or no valid slot in it. */
    public Optional<Positions> positions() throws IOException {
        return channels.makingRoom(() -> PositionsReader.read(root));
    }

    /**
     * Whether the stream goes on where its newest segment, which has this header, ends. It does if the segment was written by the current or last
     * writer, or if every writer since has closed the log. Else the stream goes on at the {@link #start()}.
     */
    public boolean goesOnAtItsEnd(SegmentHeader header) throws IOException {
        return !header.isCut() && positions().filter(positions -> header.incarnation() == positions.incarnation()
                || positions.wasClosedSince(header.incarnation())).isPresent();
    }

    /**
     * Whether the end of the segment, which has no footer, still needs recovery. It does if the segment's writer didn't close the log and doesn't
     * have it open any more, which a later writer, or another boot of the machine, proves.
     */
    public boolean awaitsRecovery(SegmentHeader header) throws IOException {
        Optional<Positions> positions = positions();
        if (positions.isEmpty() || positions.get().isClosed(header.incarnation())) {
            return false;
        }
        return header.incarnation() < positions.get().incarnation() || isOfAnotherBoot(positions.get());
    }

    /** Whether the log's last writer neither closed it nor has it open any more, as another boot of the machine proves. */
    public boolean awaitsRecovery() throws IOException {
        Optional<Positions> positions = positions();
        return positions.isPresent() && !positions.get().isClosed(positions.get().incarnation()) && isOfAnotherBoot(positions.get());
    }

    private boolean isOfAnotherBoot(Positions positions) {
        String written = positions.bootId();
        return !written.isEmpty() && BootId.of(root.getFileSystem()).filter(running -> !running.equals(written)).isPresent();
    }

    /**
     * Whether the log's directory was deleted since, and another log made, or restored, at its path. Then what is known of the log is of no use, and every
     * later answer is true. False in the process that writes the log, for a log that exists only in its tier, and if there is no log now. It takes one call of
     * the file system.
     */
    public boolean isReplaced() {
        if (failures.isReplaced()) {
            return true;
        }
        if (writer != null || isOfTierAlone || !isAnotherThere()) {
            return false;
        }
        failures.markReplaced();
        return true;
    }

    private static @Nullable LogIdentity identityNow(Path file) {
        try {
            return LogIdentity.of(file);
        } catch (IOException e) {
            return null;
        }
    }

    private boolean isAnotherThere() {
        LogIdentity known = identity;
        LogIdentity now;
        try {
            now = LogIdentity.of(identityFile);
        } catch (NoSuchFileException e) {
            // a restored copy that wasn't opened for writing has streams, and no such file
            return known != null && Files.isDirectory(StreamDirectory.in(root));
        } catch (IOException e) {
            return false;
        }
        if (known != null) {
            return !known.equals(now);
        }
        identity = now;
        // if this source follows another log, what it found without the file may have been the rest of that log during its deletion, and not a copy
        return isAfterAnother;
    }

    /** @throws WalClosedException if another log {@link #isReplaced() is at the path now} */
    public void checkNotReplaced() {
        if (isReplaced()) {
            failures.checkOpen();
        }
    }

    /** @throws WalClosedException after {@link #close()}, or once {@link #isReplaced()} was true */
    public void checkOpen() {
        failures.checkOpen();
    }

    /** The exception for a failure of the file system. If the log has been closed, or another one is at the path, the exception says that instead. */
    public WalException failure(String action, IOException failure, @Nullable Path file, @Nullable String stream, long position) {
        boolean unused = isReplaced();
        return failures.of(action, failure, file, stream, position);
    }

    @Override
    public void close() {
        channels.close();
    }
}
