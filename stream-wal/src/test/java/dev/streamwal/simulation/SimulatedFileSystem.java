package dev.streamwal.simulation;

import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.WatchService;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** A {@link SimulatedDisk} as one process sees it. Closing it does nothing. */
public final class SimulatedFileSystem extends FileSystem {

    private final SimulatedDisk disk;
    private final SimulatedProvider provider;
    private final Set<DiskFile> locked = new HashSet<>();

    SimulatedFileSystem(SimulatedDisk disk) {
        this.disk = disk;
        this.provider = new SimulatedProvider(this);
    }

    public SimulatedDisk disk() {
        return disk;
    }

    /** The files that are locked; to be synchronized on. */
    Set<DiskFile> locked() {
        return locked;
    }

    @Override
    public SimulatedProvider provider() {
        return provider;
    }

    @Override
    public void close() {
        // the disk stays
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
        return List.of(getPath("/"));
    }

    @Override
    public Iterable<FileStore> getFileStores() {
        return List.of(new SimulatedFileStore(disk));
    }

    @Override
    public Set<String> supportedFileAttributeViews() {
        return Set.of("basic");
    }

    @Override
    public Path getPath(String first, String... more) {
        return SimulatedPath.parse(this, more.length == 0 ? first : first + "/" + String.join("/", more));
    }

    @Override
    public PathMatcher getPathMatcher(String syntaxAndPattern) {
        if (syntaxAndPattern.startsWith("glob:")) {
            String glob = syntaxAndPattern.substring("glob:".length());
            Pattern pattern = Pattern.compile(Pattern.quote(glob).replace("*", "\\E[^/]*\\Q").replace("?", "\\E[^/]\\Q"));
            return path -> pattern.matcher(path.toString()).matches();
        }
        Pattern pattern = Pattern.compile(syntaxAndPattern.substring(syntaxAndPattern.indexOf(':') + 1));
        return path -> pattern.matcher(path.toString()).matches();
    }

    @Override
    public UserPrincipalLookupService getUserPrincipalLookupService() {
        throw new UnsupportedOperationException("files of a simulated disk have no owners");
    }

    @Override
    public WatchService newWatchService() {
        throw new UnsupportedOperationException("nobody watches a simulated disk");
    }
}
