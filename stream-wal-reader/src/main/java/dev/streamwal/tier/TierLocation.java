package dev.streamwal.tier;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Path;
import java.util.Optional;

/** Where a tier is, as text for a log's manifest and for messages. Credentials are left out: some providers take them in their URIs. */
final class TierLocation {

    private TierLocation() {}

    static String of(Path folder) {
        URI uri = folder.toUri();
        try {
            return uri.getRawUserInfo() == null ? uri.toString()
                    : new URI(uri.getScheme(), null, uri.getHost(), uri.getPort(), uri.getPath(), null, null).toString();
        } catch (URISyntaxException e) {
            return uri.getScheme() + ":" + folder;
        }
    }

    /**
     * The folder at a location, if it is in a file system of the log's own kind. No other location is followed: a text in a log's directory must not
     * make a reader talk to another machine.
     *
     * @param root of the log
     */
    static Optional<Path> follow(String location, Path root) {
        try {
            URI uri = new URI(location);
            boolean isOfLog = root.getFileSystem().provider().getScheme().equalsIgnoreCase(uri.getScheme());
            return isOfLog ? Optional.of(root.getFileSystem().provider().getPath(uri)) : Optional.empty();
        } catch (URISyntaxException | IllegalArgumentException | FileSystemNotFoundException | UnsupportedOperationException e) {
            return Optional.empty();
        }
    }
}
