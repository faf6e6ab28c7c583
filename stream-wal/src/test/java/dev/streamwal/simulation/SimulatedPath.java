package dev.streamwal.simulation;

import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A path of names with slashes between them. There are no symbolic links, and so {@code ..} is taken away by the letter. */
final class SimulatedPath implements Path {

    private final SimulatedFileSystem fileSystem;
    private final boolean absolute;
    private final String[] names;
    private String text;

    private SimulatedPath(SimulatedFileSystem fileSystem, boolean absolute, String[] names) {
        this.fileSystem = fileSystem;
        this.absolute = absolute;
        this.names = names;
    }

    static SimulatedPath parse(SimulatedFileSystem fileSystem, String text) {
        if (text.indexOf('\0') >= 0) {
            throw new InvalidPathException(text, "a path has no NUL");
        }
        if (text.indexOf('/') < 0) {
            return new SimulatedPath(fileSystem, false, new String[] {text});
        }
        List<String> names = new ArrayList<>();
        for (String name : text.split("/")) {
            if (!name.isEmpty()) {
                names.add(name);
            }
        }
        boolean absolute = text.startsWith("/");
        return new SimulatedPath(fileSystem, absolute, names.isEmpty() && !absolute ? new String[] {""} : names.toArray(String[]::new));
    }

    static SimulatedPath of(Path path) {
        if (path instanceof SimulatedPath simulated) {
            return simulated;
        }
        throw new ProviderMismatchException();
    }

    private SimulatedPath with(boolean isAbsolute, String[] newNames) {
        return new SimulatedPath(fileSystem, isAbsolute, newNames);
    }

    /** The last name. */
    String name() {
        return names[names.length - 1];
    }

    String nameAt(int index) {
        return names[index];
    }

    private boolean isEmpty() {
        return !absolute && names.length == 1 && names[0].isEmpty();
    }

    /** As the disk looks it up: from the root, with nothing to be taken away. */
    SimulatedPath resolved() {
        SimulatedPath path = toAbsolutePath();
        for (String name : path.names) {
            if (name.equals(".") || name.equals("..")) {
                return path.normalize();
            }
        }
        return path;
    }

    @Override
    public FileSystem getFileSystem() {
        return fileSystem;
    }

    @Override
    public boolean isAbsolute() {
        return absolute;
    }

    @Override
    public Path getRoot() {
        return absolute ? with(true, new String[0]) : null;
    }

    @Override
    public Path getFileName() {
        return names.length == 0 ? null : with(false, new String[] {name()});
    }

    @Override
    public SimulatedPath getParent() {
        if (names.length == 0 || (names.length == 1 && !absolute)) {
            return null;
        }
        return with(absolute, Arrays.copyOf(names, names.length - 1));
    }

    @Override
    public int getNameCount() {
        return names.length;
    }

    @Override
    public Path getName(int index) {
        return subpath(index, index + 1);
    }

    @Override
    public Path subpath(int from, int to) {
        if (from < 0 || to > names.length || from >= to) {
            throw new IllegalArgumentException("from=" + from + ", to=" + to + ", names=" + names.length);
        }
        return with(false, Arrays.copyOfRange(names, from, to));
    }

    @Override
    public boolean startsWith(Path other) {
        return other instanceof SimulatedPath path && path.fileSystem == fileSystem && path.absolute == absolute
                && path.names.length <= names.length
                && Arrays.equals(path.names, 0, path.names.length, names, 0, path.names.length);
    }

    @Override
    public boolean endsWith(Path other) {
        if (!(other instanceof SimulatedPath path) || path.fileSystem != fileSystem || path.names.length > names.length) {
            return false;
        }
        return path.absolute
                ? equals(path)
                : Arrays.equals(path.names, 0, path.names.length, names, names.length - path.names.length, names.length);
    }

    @Override
    public SimulatedPath normalize() {
        List<String> left = new ArrayList<>();
        for (String name : names) {
            boolean up = name.equals("..");
            if (up && !left.isEmpty() && !left.get(left.size() - 1).equals("..")) {
                left.remove(left.size() - 1);
            } else if (!name.equals(".") && !(up && absolute)) {
                left.add(name);
            }
        }
        return with(absolute, left.isEmpty() && !absolute ? new String[] {""} : left.toArray(String[]::new));
    }

    @Override
    public SimulatedPath resolve(String other) {
        return resolve(parse(fileSystem, other));
    }

    @Override
    public SimulatedPath resolve(Path other) {
        SimulatedPath path = of(other);
        if (path.absolute || isEmpty()) {
            return path;
        }
        if (path.isEmpty()) {
            return this;
        }
        String[] all = Arrays.copyOf(names, names.length + path.names.length);
        System.arraycopy(path.names, 0, all, names.length, path.names.length);
        return with(absolute, all);
    }

    @Override
    public Path relativize(Path other) {
        SimulatedPath path = of(other);
        if (path.absolute != absolute) {
            throw new IllegalArgumentException("one is absolute and the other isn't: " + this + ", " + other);
        }
        if (isEmpty()) {
            return path;
        }
        int same = 0;
        while (same < Math.min(names.length, path.names.length) && names[same].equals(path.names[same])) {
            same++;
        }
        List<String> way = new ArrayList<>();
        for (int i = same; i < names.length; i++) {
            way.add("..");
        }
        way.addAll(Arrays.asList(path.names).subList(same, path.names.length));
        return with(false, way.isEmpty() ? new String[] {""} : way.toArray(String[]::new));
    }

    @Override
    public URI toUri() {
        return URI.create(SimulatedProvider.SCHEME + "://" + toAbsolutePath());
    }

    @Override
    public SimulatedPath toAbsolutePath() {
        return absolute ? this : isEmpty() ? with(true, new String[0]) : with(true, names);
    }

    @Override
    public Path toRealPath(LinkOption... options) throws IOException {
        SimulatedPath real = resolved();
        fileSystem.disk().existing(real);
        return real;
    }

    @Override
    public WatchKey register(WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers) {
        throw new UnsupportedOperationException("nobody watches a simulated disk");
    }

    @Override
    public int compareTo(Path other) {
        return toString().compareTo(other.toString());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SimulatedPath path && path.fileSystem == fileSystem && path.absolute == absolute
                && Arrays.equals(path.names, names);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(names);
    }

    @Override
    public String toString() {
        String known = text;
        if (known == null) {
            known = (absolute ? "/" : "") + String.join("/", names);
            text = known;
        }
        return known;
    }
}
