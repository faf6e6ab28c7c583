package dev.streamwal.objectstore;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.StandardOpenOption;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.spi.FileSystemProvider;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * A bucket of an object store, as a file system that can do nothing else: an object is written from its beginning to its end and is there when it was
 * closed, is read by range, deleted, and listed. All else throws an {@link AssertionError}: nobody may rely on it. What it does, and in which order, is
 * counted, and {@link Weather} may come between.
 */
public final class ObjectStore {

    /** What the store is asked to do. */
    public enum Call { LIST, OPEN, READ, CREATE, WRITE, CLOSE, DELETE }

    /** What may go wrong. */
    public interface Weather {

        /** Nothing. */
        Weather FINE = new Weather() { };

        /** Before a call is done; it may take its time, or throw. */
        default void before(Call call, String object) throws IOException {}

        /** What a reader is given of an object. */
        default byte[] answer(String object, byte[] content) {
            return content;
        }

        /** What is there when an object was written and closed. */
        default byte[] stored(String object, byte[] content) {
            return content;
        }
    }

    private final Map<String, byte[]> objects = new TreeMap<>();
    private final List<String> calls = new ArrayList<>();
    private final StoreFileSystem fileSystem = new StoreFileSystem();
    private volatile Weather weather = Weather.FINE;
    /** No list has it. */
    private volatile String hidden = "";

    /** The bucket as a folder. */
    public Path folder() {
        return new StorePath("");
    }

    public void weather(Weather newWeather) {
        weather = newWeather;
    }

    /** The names of the objects. */
    public synchronized List<String> names() {
        return List.copyOf(objects.keySet());
    }

    public synchronized List<String> packs() {
        return objects.keySet().stream().filter(name -> name.endsWith(".pack")).toList();
    }

    public synchronized byte[] content(String name) {
        return objects.get(name).clone();
    }

    public synchronized void put(String name, byte[] content) {
        objects.put(name, content.clone());
    }

    /** From now on the object isn't in lists, though it can be read. */
    public void hidden(String name) {
        hidden = name;
    }

    public synchronized void remove(String name) {
        objects.remove(name);
    }

    /** The calls so far, each with its object. */
    public synchronized List<String> calls() {
        return List.copyOf(calls);
    }

    private void begin(Call call, String object) throws IOException {
        synchronized (this) {
            calls.add(call + " " + object);
        }
        weather.before(call, object);
    }

    private synchronized byte[] find(String name) throws NoSuchFileException {
        byte[] content = objects.get(name);
        if (content == null) {
            throw new NoSuchFileException(name);
        }
        return content;
    }

    private static AssertionError never(String what) {
        return new AssertionError("an object store can't do that: " + what);
    }

    private static String name(Path path) {
        return path.toString();
    }

    private final class Reading implements SeekableByteChannel {

        private final String name;
        private final byte[] content;
        private int position;
        private boolean open = true;

        Reading(String name, byte[] content) {
            this.name = name;
            this.content = content;
        }

        @Override
        public int read(ByteBuffer target) throws IOException {
            if (!open) {
                throw new ClosedChannelException();
            }
            begin(Call.READ, name);
            if (position >= content.length) {
                return -1;
            }
            int count = Math.min(target.remaining(), content.length - position);
            target.put(content, position, count);
            position += count;
            return count;
        }

        @Override
        public int write(ByteBuffer source) {
            throw new NonWritableChannelException();
        }

        @Override
        public long position() {
            return position;
        }

        @Override
        public SeekableByteChannel position(long newPosition) {
            position = (int) Math.min(Integer.MAX_VALUE, newPosition);
            return this;
        }

        @Override
        public long size() {
            return content.length;
        }

        @Override
        public SeekableByteChannel truncate(long size) {
            throw never("truncate " + name);
        }

        @Override
        public boolean isOpen() {
            return open;
        }

        @Override
        public void close() {
            open = false;
        }
    }

    private final class Writing implements SeekableByteChannel {

        private final String name;
        private byte[] content = new byte[64];
        private int length;
        private boolean open = true;
        private boolean failed;

        Writing(String name) {
            this.name = name;
        }

        @Override
        public int write(ByteBuffer source) throws IOException {
            if (!open) {
                throw new ClosedChannelException();
            }
            failed = true;
            begin(Call.WRITE, name);
            failed = false;
            int count = source.remaining();
            while (length + count > content.length) {
                content = Arrays.copyOf(content, 2 * content.length);
            }
            source.get(content, length, count);
            length += count;
            return count;
        }

        /** Nothing of an object is there before this. */
        @Override
        public void close() throws IOException {
            if (open) {
                open = false;
                begin(Call.CLOSE, name);
                if (!failed) {
                    put(name, weather.stored(name, Arrays.copyOf(content, length)));
                }
            }
        }

        @Override
        public int read(ByteBuffer target) {
            throw new NonReadableChannelException();
        }

        @Override
        public long position() {
            return length;
        }

        @Override
        public SeekableByteChannel position(long newPosition) {
            throw never("seek in an object that is written, " + name);
        }

        @Override
        public long size() {
            return length;
        }

        @Override
        public SeekableByteChannel truncate(long size) {
            throw never("truncate " + name);
        }

        @Override
        public boolean isOpen() {
            return open;
        }
    }

    private final class StoreProvider extends FileSystemProvider {

        @Override
        public String getScheme() {
            return "objects";
        }

        @Override
        public SeekableByteChannel newByteChannel(Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes) throws IOException {
            String name = name(path);
            if (options.equals(Set.of(StandardOpenOption.READ))) {
                begin(Call.OPEN, name);
                return new Reading(name, weather.answer(name, find(name)));
            }
            if (!options.equals(Set.of(StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE))) {
                throw never("open " + name + " with " + options);
            }
            begin(Call.CREATE, name);
            return new Writing(name);
        }

        @Override
        public DirectoryStream<Path> newDirectoryStream(Path directory, DirectoryStream.Filter<? super Path> filter) throws IOException {
            if (!name(directory).isEmpty()) {
                throw never("list " + directory);
            }
            begin(Call.LIST, "");
            List<Path> found = new ArrayList<>();
            for (String name : names()) {
                if (!name.equals(hidden)) {
                    found.add(new StorePath(name));
                }
            }
            return new DirectoryStream<>() {
                @Override
                public Iterator<Path> iterator() {
                    return found.iterator();
                }

                @Override
                public void close() {
                    // nothing is open
                }
            };
        }

        @Override
        public void delete(Path path) throws IOException {
            String name = name(path);
            begin(Call.DELETE, name);
            byte[] unused = find(name);
            remove(name);
        }

        @Override
        public FileSystem newFileSystem(URI uri, Map<String, ?> environment) {
            throw never("newFileSystem");
        }

        @Override
        public FileSystem getFileSystem(URI uri) {
            throw never("getFileSystem");
        }

        @Override
        public Path getPath(URI uri) {
            throw never("getPath of " + uri);
        }

        @Override
        public void createDirectory(Path directory, FileAttribute<?>... attributes) {
            throw never("createDirectory");
        }

        @Override
        public void copy(Path source, Path target, CopyOption... options) {
            throw never("copy");
        }

        @Override
        public void move(Path source, Path target, CopyOption... options) {
            throw never("move");
        }

        @Override
        public boolean isSameFile(Path one, Path other) {
            throw never("isSameFile");
        }

        @Override
        public boolean isHidden(Path path) {
            throw never("isHidden");
        }

        @Override
        public FileStore getFileStore(Path path) {
            throw never("getFileStore");
        }

        @Override
        public void checkAccess(Path path, AccessMode... modes) {
            throw never("checkAccess");
        }

        @Override
        public <V extends FileAttributeView> V getFileAttributeView(Path path, Class<V> type, LinkOption... options) {
            throw never("getFileAttributeView");
        }

        @Override
        public <A extends BasicFileAttributes> A readAttributes(Path path, Class<A> type, LinkOption... options) {
            throw never("readAttributes");
        }

        @Override
        public Map<String, Object> readAttributes(Path path, String attributes, LinkOption... options) {
            throw never("readAttributes");
        }

        @Override
        public void setAttribute(Path path, String attribute, Object value, LinkOption... options) {
            throw never("setAttribute");
        }
    }

    private final class StoreFileSystem extends FileSystem {

        private final StoreProvider provider = new StoreProvider();

        @Override
        public FileSystemProvider provider() {
            return provider;
        }

        @Override
        public void close() {
            throw never("close the file system");
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public boolean isReadOnly() {
            return false;
        }

        @Override
        public String getSeparator() {
            return "/";
        }

        @Override
        public Iterable<Path> getRootDirectories() {
            throw never("getRootDirectories");
        }

        @Override
        public Iterable<FileStore> getFileStores() {
            throw never("getFileStores");
        }

        @Override
        public Set<String> supportedFileAttributeViews() {
            return Set.of();
        }

        @Override
        public Path getPath(String first, String... more) {
            return new StorePath(first);
        }

        @Override
        public PathMatcher getPathMatcher(String pattern) {
            throw never("getPathMatcher");
        }

        @Override
        public UserPrincipalLookupService getUserPrincipalLookupService() {
            throw never("getUserPrincipalLookupService");
        }

        @Override
        public WatchService newWatchService() {
            throw never("newWatchService");
        }
    }

    /** The folder, whose name is empty, or an object in it. */
    private final class StorePath implements Path {

        private final String name;

        StorePath(String name) {
            this.name = name;
        }

        @Override
        public FileSystem getFileSystem() {
            return fileSystem;
        }

        @Override
        public Path resolve(String other) {
            return new StorePath(other);
        }

        @Override
        public Path resolve(Path other) {
            return other;
        }

        @Override
        public Path getFileName() {
            return this;
        }

        /** With a password, which must not come to light anywhere. */
        @Override
        public URI toUri() {
            return URI.create("objects://user:secret@store/" + name);
        }

        @Override
        public Path getParent() {
            return name.isEmpty() ? null : folder();
        }

        @Override
        public String toString() {
            return name;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof StorePath path && path.getFileSystem() == fileSystem && path.name.equals(name);
        }

        @Override
        public int hashCode() {
            return name.hashCode();
        }

        @Override
        public boolean isAbsolute() {
            return true;
        }

        @Override
        public Path getRoot() {
            throw never("getRoot");
        }

        @Override
        public int getNameCount() {
            throw never("getNameCount");
        }

        @Override
        public Path getName(int index) {
            throw never("getName");
        }

        @Override
        public Path subpath(int begin, int end) {
            throw never("subpath");
        }

        @Override
        public boolean startsWith(Path other) {
            throw never("startsWith");
        }

        @Override
        public boolean endsWith(Path other) {
            throw never("endsWith");
        }

        @Override
        public Path normalize() {
            throw never("normalize");
        }

        @Override
        public Path relativize(Path other) {
            throw never("relativize");
        }

        @Override
        public Path toAbsolutePath() {
            throw never("toAbsolutePath");
        }

        @Override
        public Path toRealPath(LinkOption... options) {
            throw never("toRealPath");
        }

        @Override
        public WatchKey register(WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers) {
            throw never("register");
        }

        @Override
        public int compareTo(Path other) {
            return name.compareTo(other.toString());
        }
    }
}
