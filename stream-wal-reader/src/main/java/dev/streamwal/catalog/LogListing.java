package dev.streamwal.catalog;

import dev.streamwal.format.StreamKey;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.segment.Segment;
import dev.streamwal.shared.SharedSegment;
import java.io.IOException;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The segments of all streams at one moment, for looking at many streams: the log is listed once, instead of once for each stream. One thread.
 *
 * <p><b>Why no segment is missed.</b> As in {@link SegmentCatalog}: the manifest and the folder of streams are read before and after the shared
 * segments are. A stream that has a directory before or after is listed by itself. Of the others, all is of one moment if the manifest is unchanged:
 * one that gets its first directory later had all of its segments of that moment in packs and in shared segments. So new directories don't keep the log
 * from being listed, however fast they come.
 */
public final class LogListing {

    private final LogSource log;
    private final Manifest manifest;
    private final Directories directories;
    private final List<SharedSegment> shared;
    private final boolean hasDirectories;
    /** Whether catalogs are kept for other calls. If there are more streams than can be kept, none is: each would only drop another one. */
    private final boolean isKept;

    /**
     * Directories that the folder has, or had right before.
     *
     * @param plain the keys that their names tell; null if making names from the keys that are asked for takes less
     * @param hasOthers whether there may be other keys
     */
    private record Directories(@Nullable Set<String> plain, boolean hasOthers, Set<String> names) {

        static Directories of(Set<String> names, int asked) {
            if (names.size() > asked) {
                return new Directories(null, true, names);
            }
            Set<String> plain = new HashSet<>();
            boolean hasDigests = false;
            for (String name : names) {
                StreamKey.fromDirectoryName(name).ifPresent(key -> plain.add(key.text()));
                hasDigests |= StreamKey.isDigestName(name);
            }
            return new Directories(plain, hasDigests, names);
        }

        boolean have(String key) {
            return (plain != null && plain.contains(key)) || (hasOthers && names.contains(StreamKey.of(key).directoryName()));
        }
    }

    private LogListing(LogSource log, Manifest manifest, Directories directories, boolean hasDirectories, List<SharedSegment> shared, boolean isKept) {
        this.log = log;
        this.manifest = manifest;
        this.directories = directories;
        this.hasDirectories = hasDirectories;
        this.shared = shared;
        this.isKept = isKept;
    }

    /** @param keys the streams to be looked at; in the writer's process they are recovered first */
    static LogListing of(LogSource log, Collection<String> keys) throws IOException {
        Set<String> names = log.streams().names();
        if (log.writer() != null) {
            recover(log, keys, Directories.of(names, keys.size()));
        }
        boolean hadDirectories = !names.isEmpty();
        Manifest before = log.packs().manifest();
        for (int attempt = 1; attempt <= PackCatalog.MAX_ATTEMPTS; attempt++) {
            Manifest manifest = before;
            List<SharedSegment> shared = log.packs().look(unused -> log.shared().all(null, manifest));
            Set<String> namesNow = log.streams().names();
            before = log.packs().manifest();
            names.addAll(namesNow);
            // a disk that is mounted meanwhile brings the folder's content at once, and shared segments that weren't there
            if (before.equals(manifest) && hadDirectories != namesNow.isEmpty()) {
                return new LogListing(log, manifest, Directories.of(names, keys.size()), hadDirectories, shared, log.keepsCatalogs(keys.size()));
            }
            hadDirectories = !namesNow.isEmpty();
        }
        throw new IOException("log changed during every attempt to list it: attempts=" + PackCatalog.MAX_ATTEMPTS + ", folder="
                + log.streams().path() + "; read again later");
    }

    /**
     * Recovers the streams with files of their own. Records of others, in shared segments, were recovered when the log was opened, and a directory that comes
     * later is new.
     */
    private static void recover(LogSource log, Collection<String> keys, Directories directories) {
        for (String key : keys) {
            if (directories.have(key)) {
                log.recover(key);
            }
        }
    }

    /** Whether the folder of segments had any directory; a log that was written to has one. */
    boolean hasDirectories() {
        return hasDirectories;
    }

    /** The stream's segments. */
    public SegmentCatalog catalog(String key) throws IOException {
        if (directories.have(key)) {
            return log.freshCatalog(key);
        }
        SegmentCatalog catalog = listed(key);
        if (isKept) {
            log.keep(catalog);
        }
        return catalog;
    }

    /** The newest segment of a stream without a directory; null if the stream has one, or no segment. Nothing is kept for other calls. */
    public @Nullable Segment newestWithoutDirectory(String key) throws IOException {
        ListedSegments chain = directories.have(key) ? ListedSegments.EMPTY : listed(key).chain();
        return chain.size() == 0 ? null : chain.get(chain.size() - 1);
    }

    private SegmentCatalog listed(String key) throws IOException {
        SegmentCatalog catalog = log.emptyCatalog(StreamKey.of(key));
        log.beginWithKnown(catalog);
        catalog.list(manifest, shared);
        return catalog;
    }
}
