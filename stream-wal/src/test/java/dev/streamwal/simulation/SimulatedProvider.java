package dev.streamwal.simulation;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.spi.FileSystemProvider;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What {@link java.nio.file.Files} does on a {@link SimulatedDisk}. */
final class SimulatedProvider extends FileSystemProvider {

    static final String SCHEME = "simulated";

    private final SimulatedFileSystem fileSystem;
    private final SimulatedDisk disk;

    SimulatedProvider(SimulatedFileSystem fileSystem) {
        this.fileSystem = fileSystem;
        this.disk = fileSystem.disk();
    }

    private static SimulatedPath real(Path path) {
        return SimulatedPath.of(path).resolved();
    }

    // ---------------------------------------------------------------- files

    @Override
    public FileChannel newFileChannel(Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes) throws IOException {
        SimulatedPath real = real(path);
        boolean writes = options.contains(StandardOpenOption.WRITE) || options.contains(StandardOpenOption.APPEND);
        DiskNode node = disk.find(real);
        if (writes && node != null && options.contains(StandardOpenOption.CREATE_NEW)) {
            throw new Taken(real.toString());
        }
        if (node == null && writes
                && (options.contains(StandardOpenOption.CREATE) || options.contains(StandardOpenOption.CREATE_NEW))) {
            node = disk.create(fileSystem, real);
        } else {
            if (!(node instanceof DiskNode.Directory)) {
                // a directory that can't be opened would be taken for one of a file system that never opens them
                disk.look(fileSystem, Call.OPEN, real.toString());
            }
            node = disk.existing(real);
        }
        if (writes && !(node instanceof DiskFile)) {
            throw new FileSystemException(real.toString(), null, "Is a directory");
        }
        if (writes && options.contains(StandardOpenOption.TRUNCATE_EXISTING) && ((DiskFile) node).length() > 0) {
            disk.resize(fileSystem, (DiskFile) node, real.toString(), 0);
        }
        return new SimulatedChannel(fileSystem, node, real.toString(), options);
    }

    @Override
    public SeekableByteChannel newByteChannel(Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
            throws IOException {
        return newFileChannel(path, options, attributes);
    }

    @Override
    public void delete(Path path) throws IOException {
        disk.delete(fileSystem, real(path));
    }

    @Override
    public void move(Path source, Path target, CopyOption... options) throws IOException {
        List<CopyOption> how = Arrays.asList(options);
        boolean atomic = how.contains(StandardCopyOption.ATOMIC_MOVE);
        if (!atomic && how.contains(StandardCopyOption.REPLACE_EXISTING)) {
            deleteIfExists(target);
        }
        disk.rename(fileSystem, real(source), real(target), atomic);
    }

    @Override
    public void copy(Path source, Path target, CopyOption... options) throws IOException {
        SimulatedPath from = real(source);
        if (!(disk.existing(from) instanceof DiskFile)) {
            createDirectory(target);
            return;
        }
        if (Arrays.asList(options).contains(StandardCopyOption.REPLACE_EXISTING)) {
            deleteIfExists(target);
        }
        try (FileChannel in = newFileChannel(from, Set.of(StandardOpenOption.READ));
                FileChannel out = newFileChannel(target, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE))) {
            ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(in.size() + 1, 64 << 10));
            for (long offset = 0; in.read(buffer.clear(), offset) > 0; ) {
                buffer.flip();
                while (buffer.hasRemaining()) {
                    offset += out.write(buffer, offset);
                }
            }
        }
    }

    @Override
    public void createLink(Path link, Path existing) throws IOException {
        disk.link(fileSystem, real(existing), real(link));
    }

    // ---------------------------------------------------------------- directories

    @Override
    public void createDirectory(Path directory, FileAttribute<?>... attributes) throws IOException {
        disk.createDirectory(fileSystem, real(directory));
    }

    @Override
    public DirectoryStream<Path> newDirectoryStream(Path directory, DirectoryStream.Filter<? super Path> filter) throws IOException {
        List<Path> listed = new ArrayList<>();
        for (String name : disk.list(fileSystem, real(directory))) {
            listed.add(directory.resolve(name));
        }
        return new DirectoryStream<>() {

            @Override
            public Iterator<Path> iterator() {
                return listed.stream().filter(path -> {
                    try {
                        return filter.accept(path);
                    } catch (IOException e) {
                        throw new DirectoryIteratorException(e);
                    }
                }).iterator();
            }

            @Override
            public void close() {
                // it is a list
            }
        };
    }

    // ---------------------------------------------------------------- looking

    @Override
    public boolean isSameFile(Path one, Path other) throws IOException {
        return other instanceof SimulatedPath && disk.existing(real(one)).equals(disk.existing(real(other)));
    }

    @Override
    public boolean isHidden(Path path) {
        return SimulatedPath.of(path).name().startsWith(".");
    }

    @Override
    public FileStore getFileStore(Path path) {
        return new SimulatedFileStore(disk);
    }

    @Override
    public void checkAccess(Path path, AccessMode... modes) throws IOException {
        SimulatedPath real = real(path);
        disk.look(fileSystem, Call.LOOK, real.toString());
        disk.existing(real);
    }

    @Override
    public <A extends BasicFileAttributes> A readAttributes(Path path, Class<A> type, LinkOption... options) throws IOException {
        if (!type.isAssignableFrom(Attributes.class)) {
            throw new UnsupportedOperationException(type.getName());
        }
        SimulatedPath real = real(path);
        disk.look(fileSystem, Call.LOOK, real.toString());
        DiskNode node = disk.existing(real);
        return type.cast(new Attributes(node, node.modified(), node instanceof DiskFile file ? file.length() : 0));
    }

    private record Attributes(DiskNode node, long operation, long size) implements BasicFileAttributes {

        @Override
        public FileTime lastModifiedTime() {
            return FileTime.fromMillis(operation);
        }

        @Override
        public FileTime lastAccessTime() {
            return lastModifiedTime();
        }

        @Override
        public FileTime creationTime() {
            return FileTime.fromMillis(0);
        }

        @Override
        public boolean isRegularFile() {
            return node instanceof DiskFile;
        }

        @Override
        public boolean isDirectory() {
            return !isRegularFile();
        }

        @Override
        public boolean isSymbolicLink() {
            return false;
        }

        @Override
        public boolean isOther() {
            return false;
        }

        @Override
        public Object fileKey() {
            return node;
        }
    }

    @Override
    public <V extends FileAttributeView> V getFileAttributeView(Path path, Class<V> type, LinkOption... options) {
        if (type != BasicFileAttributeView.class) {
            return null;
        }
        return type.cast(new BasicFileAttributeView() {

            @Override
            public String name() {
                return "basic";
            }

            @Override
            public BasicFileAttributes readAttributes() throws IOException {
                return SimulatedProvider.this.readAttributes(path, BasicFileAttributes.class);
            }

            @Override
            public void setTimes(FileTime modified, FileTime accessed, FileTime created) {
                throw new UnsupportedOperationException("operations are the only clock of a simulated disk");
            }
        });
    }

    @Override
    public Map<String, Object> readAttributes(Path path, String names, LinkOption... options) throws IOException {
        BasicFileAttributes all = readAttributes(path, BasicFileAttributes.class);
        return Map.of("size", all.size(), "isDirectory", all.isDirectory(), "isRegularFile", all.isRegularFile(), "fileKey", all.fileKey(),
                "lastModifiedTime", all.lastModifiedTime());
    }

    @Override
    public void setAttribute(Path path, String attribute, Object value, LinkOption... options) {
        throw new UnsupportedOperationException(attribute);
    }

    // ---------------------------------------------------------------- by URI

    @Override
    public String getScheme() {
        return SCHEME;
    }

    @Override
    public FileSystem newFileSystem(URI uri, Map<String, ?> environment) {
        throw new UnsupportedOperationException("a simulated disk is made by its constructor");
    }

    @Override
    public FileSystem getFileSystem(URI uri) {
        return fileSystem;
    }

    @Override
    public Path getPath(URI uri) {
        return fileSystem.getPath(uri.getPath());
    }
}
