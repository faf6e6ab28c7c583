package dev.streamwal.nanowal;

import dev.streamwal.catalog.ListingAge;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.KeyScope;
import dev.streamwal.format.NanoWalLayout;
import dev.streamwal.format.NanoWalName;
import dev.streamwal.format.NanoWalPosition;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.DirectoryListing;
import dev.streamwal.io.LogFile;
import dev.streamwal.io.ReadFailures;
import dev.streamwal.segment.ReadSettings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A directory of nano-wal files, open for reading: a stream for each prefix. Thread-safe.
 *
 * <p>A file gets its ordinal, and with it its positions, when it is first seen. The new files of one listing get theirs in order of expiration. So
 * positions stay the same while the directory is open, whatever is deleted; a reader that is opened later numbers the files anew.
 */
public final class NanoWalDirectory implements AutoCloseable {

    /** How many files are opened at most to tell whether a directory holds nano-wal files; mostly the first file with such a name decides. */
    private static final int MAX_LOOKED_INTO = 16;

    private final Path directory;
    private final ReadSettings settings;
    private final ChannelCache channels;
    private final ReadFailures failures;

    /** By prefix. A prefix whose last file was deleted stays here without files: its records have expired. */
    private volatile Map<String, NanoWalChain> chains = Map.of();
    private final ListingAge age;

    /** @param directory with or without files in it */
    public NanoWalDirectory(Path directory, ReadSettings settings) {
        this(directory, settings, System::nanoTime);
    }

    NanoWalDirectory(Path directory, ReadSettings settings, LongSupplier nanoTime) {
        this.directory = directory;
        this.settings = settings;
        this.channels = new ChannelCache(settings.maxOpenFiles());
        this.failures = new ReadFailures(directory, channels);
        this.age = new ListingAge(nanoTime);
    }

    /** Whether the directory holds nano-wal files. */
    public static boolean hasFiles(Path directory) throws IOException {
        int lookedInto = 0;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                if (NanoWalName.parse(file.getFileName().toString()).isPresent()) {
                    lookedInto++;
                    if (isNanoWal(file)) {
                        return true;
                    }
                    if (lookedInto == MAX_LOOKED_INTO) {
                        return false;
                    }
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return false;
    }

    private static boolean isNanoWal(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            return false;
        }
        ByteBuffer first = ByteBuffer.allocate(NanoWalLayout.FILE_START_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        try (LogFile open = LogFile.reading(file)) {
            return NanoWalLayout.decodeHeader(first, open.read(first, 0)) >= 0;
        } catch (NoSuchFileException | FormatException e) {
            return false;
        }
    }

    public Path path() {
        return directory;
    }

    /** Settings for reading. */
    public ReadSettings settings() {
        return settings;
    }

    /** Its open files. */
    public ChannelCache channels() {
        return channels;
    }

    /** The prefixes in the scope that have a file now, in their natural order. */
    public NavigableSet<String> keys(KeyScope scope) throws IOException {
        refresh();
        NavigableSet<String> keys = new TreeSet<>();
        chains.forEach((key, chain) -> {
            if (chain.size() > 0 && scope.contains(key)) {
                keys.add(key);
            }
        });
        return keys;
    }

    /** The files of a prefix, by the last listing. */
    public NanoWalChain chain(String key) {
        return chains.getOrDefault(key, NanoWalChain.EMPTY);
    }

    /** The files of a prefix, by a new listing if the directory has changed. */
    public NanoWalChain freshChain(String key) throws IOException {
        refresh();
        return chain(key);
    }

    // ---- listing

    private synchronized void refresh() throws IOException {
        FileTime now = Files.getLastModifiedTime(directory);
        if (!age.isCurrent(now)) {
            Map<String, TreeMap<NanoWalName, Path>> found = channels.makingRoom(this::list);
            Map<String, NanoWalChain> old = chains;
            Map<String, NanoWalChain> listed = new HashMap<>(old);
            listed.replaceAll((prefix, chain) -> merged(chain, found.getOrDefault(prefix, new TreeMap<>())));
            found.forEach((prefix, files) -> listed.computeIfAbsent(prefix, unused -> merged(NanoWalChain.EMPTY, files)));
            chains = listed;
            age.listed();
        }
    }

    private Map<String, TreeMap<NanoWalName, Path>> list() throws IOException {
        Map<String, TreeMap<NanoWalName, Path>> found = new HashMap<>();
        DirectoryListing.eachIfThere(directory, file -> NanoWalName.parse(file.getFileName().toString())
                .ifPresent(name -> found.computeIfAbsent(name.prefix(), prefix -> new TreeMap<>()).put(name, file)));
        return found;
    }

    /** Removes known files from {@code found}. New entries that are no regular files, such as directories or pipes, are ignored. */
    private NanoWalChain merged(NanoWalChain known, TreeMap<NanoWalName, Path> found) {
        List<NanoWalFile> files = new ArrayList<>();
        boolean changed = false;
        for (NanoWalFile file : known.files()) {
            if (found.remove(file.name()) != null) {
                files.add(file);
            } else {
                channels.forget(file.path());
                changed = true;
            }
        }
        int next = known.nextOrdinal();
        found.values().removeIf(file -> !Files.isRegularFile(file));
        for (Map.Entry<NanoWalName, Path> file : found.entrySet()) {
            if (next > NanoWalPosition.MAX_ORDINAL) {
                throw NanoWalFailures.tooManyFiles(file.getKey().prefix(), file.getValue());
            }
            files.add(new NanoWalFile(file.getKey(), next++, file.getValue()));
            changed = true;
        }
        return changed ? new NanoWalChain(files, next) : known;
    }

    // ---- the reader's life

    /** @throws WalClosedException after {@link #close()} */
    public void checkOpen() {
        failures.checkOpen();
    }

    /** The exception for a failure of the file system; {@link WalClosedException} if closing the reader was the cause. */
    public WalException failure(String action, IOException failure, @Nullable Path file, @Nullable String stream, long position) {
        return failures.of(action, failure, file, stream, position);
    }

    @Override
    public void close() {
        channels.close();
    }
}
