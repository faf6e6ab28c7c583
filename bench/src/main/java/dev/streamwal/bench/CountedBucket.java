package dev.streamwal.bench;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.spi.FileSystemProvider;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/** A directory as a bucket that counts what it is asked, as a store would bill it, and can be away. Only what a log's tier needs works. */
final class CountedBucket {

    /** Requests and bytes. A channel that is opened for reading and read is one request, as providers read ahead within it. */
    record Counts(long lists, long gets, long puts, long deletes, long readBytes, long writtenBytes) {
        Counts since(Counts before) {
            return new Counts(lists - before.lists, gets - before.gets, puts - before.puts, deletes - before.deletes, readBytes - before.readBytes,
                    writtenBytes - before.writtenBytes);
        }
    }

    private final Path directory;
    private final Bucket fileSystem = new Bucket();
    private final AtomicLong lists = new AtomicLong();
    private final AtomicLong gets = new AtomicLong();
    private final AtomicLong puts = new AtomicLong();
    private final AtomicLong deletes = new AtomicLong();
    private final AtomicLong readBytes = new AtomicLong();
    private final AtomicLong writtenBytes = new AtomicLong();
    private volatile boolean isAway;

    CountedBucket(Path directory) {
        this.directory = directory;
    }

    Path folder() {
        return new Name("");
    }

    Counts counts() {
        return new Counts(lists.get(), gets.get(), puts.get(), deletes.get(), readBytes.get(), writtenBytes.get());
    }

    /** Whether each call fails from now on. */
    void away(boolean away) {
        isAway = away;
    }

    private void count(AtomicLong requests) throws IOException {
        requests.incrementAndGet();
        if (isAway) {
            throw new IOException("bucket is away");
        }
    }

    private static UnsupportedOperationException no() {
        return new UnsupportedOperationException("a bucket can't do that");
    }

    /** A channel that counts bytes. */
    private final class Counted implements SeekableByteChannel {

        private final SeekableByteChannel channel;

        Counted(SeekableByteChannel channel) {
            this.channel = channel;
        }

        @Override
        public int read(ByteBuffer target) throws IOException {
            int count = channel.read(target);
            readBytes.addAndGet(Math.max(0, count));
            return count;
        }

        @Override
        public int write(ByteBuffer source) throws IOException {
            if (isAway) {
                throw new IOException("bucket is away");
            }
            int count = channel.write(source);
            writtenBytes.addAndGet(count);
            return count;
        }

        @Override
        public long position() throws IOException {
            return channel.position();
        }

        @Override
        public SeekableByteChannel position(long position) throws IOException {
            channel.position(position);
            return this;
        }

        @Override
        public long size() throws IOException {
            return channel.size();
        }

        @Override
        public SeekableByteChannel truncate(long size) {
            throw no();
        }

        @Override
        public boolean isOpen() {
            return channel.isOpen();
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    private final class Provider extends FileSystemProvider {

        @Override
        public String getScheme() {
            return "counted";
        }

        @Override
        public SeekableByteChannel newByteChannel(Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes) throws IOException {
            count(options.size() == 1 ? gets : puts);
            return new Counted(Files.newByteChannel(directory.resolve(path.toString()), options));
        }

        @Override
        public DirectoryStream<Path> newDirectoryStream(Path folder, DirectoryStream.Filter<? super Path> filter) throws IOException {
            count(lists);
            List<Path> names = new ArrayList<>();
            try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
                files.forEach(file -> names.add(new Name(String.valueOf(file.getFileName()))));
            }
            return new DirectoryStream<>() {
                @Override
                public Iterator<Path> iterator() {
                    return names.iterator();
                }

                @Override
                public void close() {
                    // nothing is open
                }
            };
        }

        @Override
        public void delete(Path path) throws IOException {
            count(deletes);
            Files.delete(directory.resolve(path.toString()));
        }

        @Override
        public FileSystem newFileSystem(URI uri, Map<String, ?> environment) {
            throw no();
        }

        @Override
        public FileSystem getFileSystem(URI uri) {
            throw no();
        }

        @Override
        public Path getPath(URI uri) {
            throw no();
        }

        @Override
        public void createDirectory(Path folder, FileAttribute<?>... attributes) {
            throw no();
        }

        @Override
        public void copy(Path source, Path target, CopyOption... options) {
            throw no();
        }

        @Override
        public void move(Path source, Path target, CopyOption... options) {
            throw no();
        }

        @Override
        public boolean isSameFile(Path one, Path other) {
            throw no();
        }

        @Override
        public boolean isHidden(Path path) {
            throw no();
        }

        @Override
        public FileStore getFileStore(Path path) {
            throw no();
        }

        @Override
        public void checkAccess(Path path, AccessMode... modes) {
            throw no();
        }

        @Override
        public <V extends FileAttributeView> V getFileAttributeView(Path path, Class<V> type, LinkOption... options) {
            throw no();
        }

        @Override
        public <A extends BasicFileAttributes> A readAttributes(Path path, Class<A> type, LinkOption... options) {
            throw no();
        }

        @Override
        public Map<String, Object> readAttributes(Path path, String attributes, LinkOption... options) {
            throw no();
        }

        @Override
        public void setAttribute(Path path, String attribute, Object value, LinkOption... options) {
            throw no();
        }
    }

    private final class Bucket extends FileSystem {

        private final Provider provider = new Provider();

        @Override
        public FileSystemProvider provider() {
            return provider;
        }

        @Override
        public void close() {
            throw no();
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
            return List.of();
        }

        @Override
        public Iterable<FileStore> getFileStores() {
            return List.of();
        }

        @Override
        public Set<String> supportedFileAttributeViews() {
            return Set.of();
        }

        @Override
        public Path getPath(String first, String... more) {
            return new Name(first);
        }

        @Override
        public PathMatcher getPathMatcher(String pattern) {
            throw no();
        }

        @Override
        public UserPrincipalLookupService getUserPrincipalLookupService() {
            throw no();
        }

        @Override
        public WatchService newWatchService() {
            throw no();
        }
    }

    /** The bucket, whose name is empty, or an object. */
    private final class Name implements Path {

        private final String name;

        Name(String name) {
            this.name = name;
        }

        @Override
        public FileSystem getFileSystem() {
            return fileSystem;
        }

        @Override
        public Path resolve(String other) {
            return new Name(other);
        }

        @Override
        public Path resolve(Path other) {
            return other;
        }

        @Override
        public Path getFileName() {
            return this;
        }

        @Override
        public URI toUri() {
            return URI.create("counted://bucket/" + name);
        }

        @Override
        public Path getParent() {
            return folder();
        }

        @Override
        public String toString() {
            return name;
        }

        @Override
        public boolean isAbsolute() {
            return true;
        }

        @Override
        public Path getRoot() {
            throw no();
        }

        @Override
        public int getNameCount() {
            throw no();
        }

        @Override
        public Path getName(int index) {
            throw no();
        }

        @Override
        public Path subpath(int begin, int end) {
            throw no();
        }

        @Override
        public boolean startsWith(Path other) {
            throw no();
        }

        @Override
        public boolean endsWith(Path other) {
            throw no();
        }

        @Override
        public Path normalize() {
            throw no();
        }

        @Override
        public Path relativize(Path other) {
            throw no();
        }

        @Override
        public Path toAbsolutePath() {
            return this;
        }

        @Override
        public Path toRealPath(LinkOption... options) {
            throw no();
        }

        @Override
        public WatchKey register(WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers) {
            throw no();
        }

        @Override
        public int compareTo(Path other) {
            return name.compareTo(other.toString());
        }
    }
}
