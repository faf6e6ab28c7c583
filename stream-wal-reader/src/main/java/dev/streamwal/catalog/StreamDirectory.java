package dev.streamwal.catalog;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.error.WalException;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.DirectoryListing;
import dev.streamwal.io.FileConsumer;
import dev.streamwal.io.FileFunction;
import dev.streamwal.io.IoFailure;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.io.SharedFile;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.HashSet;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The folder {@code segments} of a log: a directory for each key. Thread-safe.
 *
 * <p>Versions before shared segments called it {@code streams}. A reader accepts both names, and writes nothing. The next writer of the log renames the folder,
 * perhaps while a reader uses it. So {@link #path()} looks again until it has seen the new name, and a reading by the old name is repeated if the folder was
 * renamed during it.
 */
public final class StreamDirectory implements SegmentCatalog.Folder {

    /** The folder's name. */
    public static final String NAME = "segments";
    /** The folder's name before a writer has renamed it; in every other log this is a file. */
    public static final String EARLIER_NAME = "streams";

    /** Listing a folder costs no more than asking for this many single names. */
    static final int ASKED_BEFORE_LISTING = 256;
    /** If a folder has more, its names aren't kept. */
    static final int MAX_NAMES = 4_096;

    private final Path root;
    private final ChannelCache channels;
    /** The folder, once it is there by its new name. */
    private volatile @Nullable Path renamed;

    @GuardedBy("this")
    private final ListingAge age;

    @GuardedBy("this")
    private Object state = new Object();

    @GuardedBy("this")
    private Names names = Names.unknown(state);
    /** How often a directory was asked for in the state of {@link #names}. */
    @GuardedBy("this")
    private int asked;

    /**
     * The names in the folder, as far as they are known.
     *
     * @param state of the folder
     * @param folder its path then; null if it wasn't listed, or couldn't be
     * @param known null if they are too many, too
     */
    private record Names(Object state, @Nullable Path folder, @Nullable Set<String> known) {

        static Names unknown(Object state) {
            return new Names(state, null, null);
        }

        boolean isListed(Object in, Path at) {
            return in.equals(state) && at.equals(folder);
        }

        boolean isWithout(Path directory) {
            return folder != null && known != null && folder.equals(directory.getParent()) && !known.contains(directory.getFileName().toString());
        }
    }

    /** @param root of the log */
    public StreamDirectory(Path root, ChannelCache channels) {
        this(root, channels, System::nanoTime);
    }

    StreamDirectory(Path root, ChannelCache channels, LongSupplier nanoTime) {
        this.root = root;
        this.channels = channels;
        this.age = new ListingAge(nanoTime);
    }

    /**
     * Where the folder is, if there is one.
     *
     * @throws WalException if there are folders with both names, and neither is empty
     */
    public static Path in(Path root) {
        Path folder = root.resolve(NAME);
        Path earlier = root.resolve(EARLIER_NAME);
        if (!Files.isDirectory(earlier)) {
            return folder;
        }
        if (!Files.isDirectory(folder) || isEmpty(folder)) {
            return earlier;
        }
        if (isEmpty(earlier)) {
            return folder;
        }
        throw new WalException("log has two folders of segments: root=" + root + ", folder=" + NAME + ", otherFolder="
                + EARLIER_NAME + "; an old version of stream-wal has written to it after a newer one had begun to upgrade it; make two copies of"
                + " the log, remove one of the folders in each, and read both with WalReader", earlier, null, WalException.NO_POSITION);
    }

    /** Whether the directory is empty, or doesn't exist. */
    private static boolean isEmpty(Path directory) {
        try {
            return !DirectoryListing.any(directory, entry -> true);
        } catch (NoSuchFileException | NotDirectoryException e) {
            // it was renamed just now
            return true;
        } catch (IOException e) {
            throw IoFailure.of("listing a folder of segments", e, directory, null, WalException.NO_POSITION);
        }
    }

    /** The folder. */
    public Path path() {
        Path known = renamed;
        if (known != null) {
            return known;
        }
        Path now = in(root);
        if (now.endsWith(NAME) && Files.isDirectory(now)) {
            renamed = now;
        }
        return now;
    }

    /** The directory of the stream's segments, if it has any. */
    public Path of(StreamKey key) {
        return path().resolve(key.directoryName());
    }

    /**
     * What the folder holds now, as an object. If a later call returns an equal one, no directory has come or gone between the two calls. So a
     * directory that wasn't there after the first call isn't there before the second one.
     */
    @Override
    public synchronized Object state() throws IOException {
        FileTime now;
        try {
            now = Files.getLastModifiedTime(path());
        } catch (NoSuchFileException e) {
            age.forget();
            return new Object();
        }
        if (!age.isCurrent(now)) {
            state = new Object();
            age.listed();
        }
        return state;
    }

    /**
     * Whether a directory is known not to be there, without asking for it. Streams that share segments have none, and a caller that reads many of them would
     * ask for each in vain. So the folder is listed after {@value #ASKED_BEFORE_LISTING} questions in one state. The names are those of that state: the folder
     * was unchanged since the state was told first, as {@link #state()} says.
     *
     * @param in what {@link #state()} has told just now
     * @return false if it may be there
     */
    @Override
    public synchronized boolean isWithout(Path directory, Object in) {
        if (!in.equals(state)) {
            return false;
        }
        if (!in.equals(names.state())) {
            names = Names.unknown(in);
            asked = 0;
        }
        if (names.folder() == null && ++asked == ASKED_BEFORE_LISTING) {
            try {
                names = list(in, path());
            } catch (IOException e) {
                // asking for each directory needs less: no descriptor, and no permission to list
            }
        }
        return names.isWithout(directory);
    }

    private static Names list(Object in, Path folder) throws IOException {
        Set<String> found = new HashSet<>();
        boolean isTooMany = DirectoryListing.any(folder, each -> found.add(each.getFileName().toString()) && found.size() > MAX_NAMES);
        return new Names(in, folder, isTooMany ? null : found);
    }

    /**
     * The names in the folder now, as {@link #isWithout} keeps them: where the folder's state is the one that they were listed in, nothing is listed. Null if
     * they are too many to be kept.
     */
    private @Nullable Set<String> keptNames(Path folder) throws IOException {
        Object now = state();
        Names kept = kept();
        if (!kept.isListed(now, folder)) {
            // not under the lock: while the folder changes, each reading thread lists it
            kept = list(now, folder);
            keep(kept);
        }
        return kept.known();
    }

    private synchronized Names kept() {
        return names;
    }

    private synchronized void keep(Names listed) {
        if (listed.state().equals(state)) {
            names = listed;
        }
    }

    /** Reads a directory. Its path changes at most once; if it changes during the reading, the directory is read again. */
    static <T> T read(Supplier<Path> directory, FileFunction<Path, T> step) throws IOException {
        Path before = directory.get();
        try {
            T found = step.apply(before);
            if (before.equals(directory.get())) {
                return found;
            }
        } catch (IOException e) {
            if (before.equals(directory.get())) {
                throw e;
            }
        }
        return step.apply(directory.get());
    }

    /** The keys that have a segment and pass the filter, in their natural order. Other names in the folder are ignored. */
    public NavigableSet<String> keys(Predicate<String> filter) throws IOException {
        return keys(filter, other -> { });
    }

    /**
     * As {@link #keys(Predicate)}.
     *
     * @param others receives every other directory of a stream, perhaps twice: it has no segment that tells a key, or its key doesn't pass
     */
    public NavigableSet<String> keys(Predicate<String> filter, Consumer<Path> others) throws IOException {
        return channels.makingRoom(() -> read(this::path, folder -> list(folder, filter, others)));
    }

    private NavigableSet<String> list(Path folder, Predicate<String> filter, Consumer<Path> others) throws IOException {
        NavigableSet<String> keys = new TreeSet<>();
        each(folder, name -> {
            Optional<String> key = key(folder, name, filter);
            if (key.isPresent()) {
                keys.add(key.get());
            } else if (isOfStream(name)) {
                others.accept(folder.resolve(name));
            }
        });
        return keys;
    }

    /** All names in the folder, of streams or not; no directory in it is opened. */
    public Set<String> names() throws IOException {
        return channels.makingRoom(() -> read(this::path, folder -> {
            Set<String> found = new HashSet<>();
            each(folder, found::add);
            return found;
        }));
    }

    /** Takes the names that are kept, or lists the folder; nothing if there is none. */
    private void each(Path folder, FileConsumer<String> step) throws IOException {
        Set<String> kept;
        try {
            kept = keptNames(folder);
        } catch (NoSuchFileException e) {
            return; // a log that nothing was written to yet
        }
        if (kept == null) {
            DirectoryListing.eachIfThere(folder, directory -> step.accept(directory.getFileName().toString()));
            return;
        }
        for (String name : kept) {
            step.accept(name);
        }
    }

    /** The key of the stream with this directory; empty if only a segment could tell it, and there is none. */
    public Optional<String> keyOf(String directoryName) throws IOException {
        Optional<StreamKey> plain = StreamKey.fromDirectoryName(directoryName);
        return plain.isPresent() || !StreamKey.isDigestName(directoryName)
                ? plain.map(StreamKey::text)
                : channels.makingRoom(() -> read(this::path, folder -> key(folder, directoryName, any -> true)));
    }

    /** Opens the directory only if its name doesn't already exclude it. */
    private Optional<String> key(Path folder, String name, Predicate<String> filter) throws IOException {
        Optional<String> plain = StreamKey.fromDirectoryName(name).map(StreamKey::text);
        if (plain.isPresent() ? !filter.test(plain.get()) : !StreamKey.isDigestName(name)) {
            return Optional.empty();
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder.resolve(name), StreamDirectory::isSegment)) {
            for (Path file : files) {
                Optional<String> key = plain.isPresent() ? plain : keyInHeader(file, name).filter(filter);
                if (key.isPresent()) {
                    return key;
                }
            }
        } catch (NoSuchFileException | NotDirectoryException e) {
            return Optional.empty();
        } catch (DirectoryIteratorException e) {
            return named(plain, Objects.requireNonNull(e.getCause()));
        } catch (IOException e) {
            return named(plain, e);
        }
        return Optional.empty();
    }

    /**
     * A directory that can't be listed counts as a stream's if its name tells the key: a reader of that stream gets the failure, and the others aren't
     * affected.
     */
    private static Optional<String> named(Optional<String> plain, IOException why) throws IOException {
        if (plain.isEmpty() || !IoFailure.isOfFile(why)) {
            throw why;
        }
        return plain;
    }

    private static boolean isOfStream(String name) {
        return StreamKey.fromDirectoryName(name).isPresent() || StreamKey.isDigestName(name);
    }

    private static boolean isSegment(Path file) {
        return SegmentName.parse(file.getFileName().toString()).isPresent();
    }

    /** Reads a long key, which only the header has; a key that doesn't hash to the directory's name is ignored. */
    private Optional<String> keyInHeader(Path file, String directoryName) throws IOException {
        try (SharedFile bytes = channels.acquire(file)) {
            return Optional.of(SegmentBytes.readHeader(bytes).key()).filter(key -> key.directoryName().equals(directoryName)).map(StreamKey::text);
        } catch (NoSuchFileException | FormatException e) {
            return Optional.empty();
        }
    }
}
