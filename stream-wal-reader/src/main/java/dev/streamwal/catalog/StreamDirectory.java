package dev.streamwal.catalog;

import dev.streamwal.format.FormatException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.SharedFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/** The folder {@code streams} of a log: a directory for each key. Thread-safe. */
public final class StreamDirectory {

    private static final String NAME = "streams";

    private final Path streams;
    private final ChannelCache channels;

    /** @param root of the log */
    public StreamDirectory(Path root, ChannelCache channels) {
        this.streams = in(root);
        this.channels = channels;
    }

    /** Where the folder is, if there is one. */
    public static Path in(Path root) {
        return root.resolve(NAME);
    }

    /** The folder. */
    public Path path() {
        return streams;
    }

    /** Where the stream's segments are, if it has any. */
    public Path of(StreamKey key) {
        return streams.resolve(key.directoryName());
    }

    /** The keys that have a segment and that the filter takes, in their natural order. Whatever else is in the folder is left alone. */
    public NavigableSet<String> keys(Predicate<String> filter) throws IOException {
        return channels.makingRoom(() -> list(filter));
    }

    private NavigableSet<String> list(Predicate<String> filter) throws IOException {
        NavigableSet<String> keys = new TreeSet<>();
        try (DirectoryStream<Path> directories = Files.newDirectoryStream(streams)) {
            for (Path directory : directories) {
                key(directory).filter(filter).ifPresent(keys::add);
            }
        } catch (NoSuchFileException e) {
            return keys;
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return keys;
    }

    /** The names of all that is in the folder, streams or not; nothing is opened. */
    public Set<String> names() throws IOException {
        return channels.makingRoom(() -> {
            Set<String> names = new HashSet<>();
            try (DirectoryStream<Path> directories = Files.newDirectoryStream(streams)) {
                directories.forEach(directory -> names.add(directory.getFileName().toString()));
            } catch (NoSuchFileException e) {
                names.clear();
            } catch (DirectoryIteratorException e) {
                throw e.getCause();
            }
            return names;
        });
    }

    /** The key of the stream with this directory, as far as a segment is needed to say it and there is one. */
    public Optional<String> keyOf(String directoryName) throws IOException {
        Optional<StreamKey> plain = StreamKey.fromDirectoryName(directoryName);
        return plain.isPresent() || !StreamKey.isDigestName(directoryName)
                ? plain.map(StreamKey::text)
                : channels.makingRoom(() -> key(streams.resolve(directoryName)));
    }

    private Optional<String> key(Path directory) throws IOException {
        String name = directory.getFileName().toString();
        Optional<StreamKey> plain = StreamKey.fromDirectoryName(name);
        if (plain.isEmpty() && !StreamKey.isDigestName(name)) {
            return Optional.empty();
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, StreamDirectory::isSegment)) {
            for (Path file : files) {
                Optional<String> key = plain.isPresent() ? plain.map(StreamKey::text) : keyInHeader(file, name);
                if (key.isPresent()) {
                    return key;
                }
            }
        } catch (NoSuchFileException | NotDirectoryException e) {
            return Optional.empty();
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return Optional.empty();
    }

    private static boolean isSegment(Path file) {
        return SegmentName.parse(file.getFileName().toString()).isPresent();
    }

    /** A long key stands in the header only; a header that doesn't hash to the directory's name says nothing. */
    private Optional<String> keyInHeader(Path file, String directoryName) throws IOException {
        try (SharedFile bytes = channels.acquire(file)) {
            ByteBuffer first = ByteBuffer.allocate(SegmentHeaderLayout.MAX_BYTES).order(ByteOrder.LITTLE_ENDIAN);
            SegmentHeader header = SegmentHeaderLayout.decode(first, bytes.read(first, 0));
            return Optional.of(header.key()).filter(key -> key.directoryName().equals(directoryName)).map(StreamKey::text);
        } catch (NoSuchFileException | FormatException e) {
            return Optional.empty();
        }
    }
}
