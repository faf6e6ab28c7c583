package dev.streamwal.tier;

import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.ProviderMismatchException;
import java.nio.file.ReadOnlyFileSystemException;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.spi.FileSystemProvider;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A file system that is always empty. A reader that has nothing but a log's tier reads a log whose directory is here: it has no segments, no shared
 * segments and no positions, and none can be put there. Only paths can be made; in messages they begin with the tier's place.
 */
final class NoFolder extends FileSystem {

    private static final String SEPARATOR = "/";

    private final String name;
    private final Nothing provider = new Nothing();

    private NoFolder(String name) {
        this.name = name;
    }

    /**
     * A directory that isn't there.
     *
     * @param name the text before its paths in messages
     */
    static Path named(String name) {
        NoFolder system = new NoFolder(name.endsWith(SEPARATOR) ? name : name + SEPARATOR);
        return system.new Name(FileSystems.getDefault().getPath(""));
    }

    private static NoSuchFileException missing(Path path) {
        return new NoSuchFileException(path.toString());
    }

    @Override
    public FileSystemProvider provider() {
        return provider;
    }

    @Override
    public void close() {
        // nothing is open
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public boolean isReadOnly() {
        return true;
    }

    @Override
    public String getSeparator() {
        return SEPARATOR;
    }

    @Override
    public Iterable<Path> getRootDirectories() {
        return List.of();
    }

    @Override
    public Iterable<FileStore> getFileStores() {
        return List.of();
    }

    @Override
    public Set<String> supportedFileAttributeViews() {
        return Set.of("basic");
    }

    @Override
    public Path getPath(String first, String... more) {
        return new Name(FileSystems.getDefault().getPath(first, more));
    }

    @Override
    public PathMatcher getPathMatcher(String syntaxAndPattern) {
        throw new UnsupportedOperationException("there are no files here: " + this);
    }

    @Override
    public UserPrincipalLookupService getUserPrincipalLookupService() {
        throw new UnsupportedOperationException("there are no files here: " + this);
    }

    @Override
    public WatchService newWatchService() {
        throw new UnsupportedOperationException("there are no files here: " + this);
    }

    @Override
    public String toString() {
        return name;
    }

    /** Finds nothing. */
    private static final class Nothing extends FileSystemProvider {

        @Override
        public String getScheme() {
            return "nothing";
        }

        @Override
        public FileSystem newFileSystem(URI uri, Map<String, ?> environment) {
            throw new UnsupportedOperationException("there are no files here: " + uri);
        }

        @Override
        public FileSystem getFileSystem(URI uri) {
            throw new UnsupportedOperationException("there are no files here: " + uri);
        }

        @Override
        public Path getPath(URI uri) {
            throw new UnsupportedOperationException("there are no files here: " + uri);
        }

        @Override
        public SeekableByteChannel newByteChannel(Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes) throws IOException {
            throw missing(path);
        }

        @Override
        public FileChannel newFileChannel(Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes) throws IOException {
            throw missing(path);
        }

        @Override
        public DirectoryStream<Path> newDirectoryStream(Path directory, DirectoryStream.Filter<? super Path> filter) throws IOException {
            throw missing(directory);
        }

        @Override
        public void createDirectory(Path directory, FileAttribute<?>... attributes) {
            throw new ReadOnlyFileSystemException();
        }

        @Override
        public void delete(Path path) throws IOException {
            throw missing(path);
        }

        @Override
        public void copy(Path source, Path target, CopyOption... options) throws IOException {
            throw missing(source);
        }

        @Override
        public void move(Path source, Path target, CopyOption... options) throws IOException {
            throw missing(source);
        }

        @Override
        public boolean isSameFile(Path one, Path other) {
            return one.equals(other);
        }

        @Override
        public boolean isHidden(Path path) {
            return false;
        }

        @Override
        public FileStore getFileStore(Path path) throws IOException {
            throw missing(path);
        }

        @Override
        public void checkAccess(Path path, AccessMode... modes) throws IOException {
            throw missing(path);
        }

        @Override
        public <V extends FileAttributeView> @Nullable V getFileAttributeView(Path path, Class<V> type, LinkOption... options) {
            return null;
        }

        @Override
        public <A extends BasicFileAttributes> A readAttributes(Path path, Class<A> type, LinkOption... options) throws IOException {
            throw missing(path);
        }

        @Override
        public Map<String, Object> readAttributes(Path path, String attributes, LinkOption... options) throws IOException {
            throw missing(path);
        }

        @Override
        public void setAttribute(Path path, String attribute, Object value, LinkOption... options) {
            throw new ReadOnlyFileSystemException();
        }
    }

    /** A name, which works as one of the default file system does. */
    private final class Name implements Path {

        private final Path path;

        Name(Path path) {
            this.path = path;
        }

        private @Nullable Path of(@Nullable Path other) {
            return other == null ? null : new Name(other);
        }

        private NoFolder system() {
            return NoFolder.this;
        }

        private Path unwrapped(Path other) {
            if (other instanceof Name there && there.system().equals(NoFolder.this)) {
                return there.path;
            }
            throw new ProviderMismatchException();
        }

        @Override
        public FileSystem getFileSystem() {
            return NoFolder.this;
        }

        @Override
        public boolean isAbsolute() {
            return true;
        }

        @Override
        public @Nullable Path getRoot() {
            return null;
        }

        @Override
        public @Nullable Path getFileName() {
            return of(path.getFileName());
        }

        @Override
        public @Nullable Path getParent() {
            return of(path.getParent());
        }

        @Override
        public int getNameCount() {
            return path.getNameCount();
        }

        @Override
        public Path getName(int index) {
            return new Name(path.getName(index));
        }

        @Override
        public Path subpath(int begin, int end) {
            return new Name(path.subpath(begin, end));
        }

        @Override
        public boolean startsWith(Path other) {
            return other instanceof Name there && there.system().equals(NoFolder.this) && path.startsWith(there.path);
        }

        @Override
        public boolean endsWith(Path other) {
            return other instanceof Name there && there.system().equals(NoFolder.this) && path.endsWith(there.path);
        }

        @Override
        public Path normalize() {
            return new Name(path.normalize());
        }

        @Override
        public Path resolve(Path other) {
            return new Name(path.resolve(unwrapped(other)));
        }

        @Override
        public Path relativize(Path other) {
            return new Name(path.relativize(unwrapped(other)));
        }

        @Override
        public URI toUri() {
            return URI.create("nothing:/");
        }

        @Override
        public Path toAbsolutePath() {
            return this;
        }

        @Override
        public Path toRealPath(LinkOption... options) throws IOException {
            throw missing(this);
        }

        @Override
        public WatchKey register(WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers) {
            throw new UnsupportedOperationException("there are no files here: " + this);
        }

        @Override
        public int compareTo(Path other) {
            return path.compareTo(unwrapped(other));
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Name there && there.system().equals(NoFolder.this) && there.path.equals(path);
        }

        @Override
        public int hashCode() {
            return path.hashCode();
        }

        @Override
        public String toString() {
            return name + path;
        }
    }
}
