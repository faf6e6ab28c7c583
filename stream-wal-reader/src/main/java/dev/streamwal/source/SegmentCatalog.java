package dev.streamwal.source;

import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A stream's segments, by the names in its directory: nothing is opened to list them, and files with other names are somebody else's. What
 * was listed is kept until somebody misses something and refreshes it. Thread-safe.
 */
public final class SegmentCatalog {

    /** Far more than the granularity of a directory's modification time: what changes after such a time gets another one. */
    private static final long SETTLING_NANOS = 2_000_000_000L;

    private final StreamKey key;
    private final Path directory;
    private final ChannelCache channels;

    private volatile SegmentChain chain = SegmentChain.EMPTY;

    private final LongSupplier nanoTime;
    /** When the directory was modified last, as it was seen before a listing; and since when that has been so, and listed. */
    private @Nullable FileTime modified;
    private long modifiedSince;
    private boolean settled;

    /** @param channels told of files that have gone */
    public SegmentCatalog(StreamKey key, Path directory, ChannelCache channels) {
        this(key, directory, channels, System::nanoTime);
    }

    SegmentCatalog(StreamKey key, Path directory, ChannelCache channels, LongSupplier nanoTime) {
        this.key = key;
        this.directory = directory;
        this.channels = channels;
        this.nanoTime = nanoTime;
    }

    /** Of the stream. */
    public StreamKey key() {
        return key;
    }

    /** As listed last; empty before the first {@link #refresh()}. */
    public SegmentChain chain() {
        return chain;
    }

    /** Lists the directory, unless that can't have changed since it was listed; empty where there is none. */
    public synchronized SegmentChain refresh() throws IOException {
        FileTime now;
        try {
            now = Files.getLastModifiedTime(directory);
        } catch (NoSuchFileException e) {
            settled = false;
            return listAnew();
        }
        if (settled && now.equals(modified)) {
            return chain;
        }
        long time = nanoTime.getAsLong();
        if (!now.equals(modified)) {
            modified = now;
            modifiedSince = time;
        }
        settled = false;
        SegmentChain listed = listAnew();
        settled = time - modifiedSince >= SETTLING_NANOS;
        return listed;
    }

    /**
     * Lists the directory.
     *
     * <p>A listing may show a file that was made while it ran and not one that was made just before that: then a segment would seem to have
     * gone. But what existed when a listing began is in it. So where segments have come, it lists once more, and believes that second
     * listing up to the newest segment of the first one.
     */
    private SegmentChain listAnew() throws IOException {
        Map<String, Segment> known = new HashMap<>();
        for (int i = 0; i < chain.size(); i++) {
            known.put(chain.get(i).name().fileName(), chain.get(i));
        }
        List<Segment> found = list(known);
        if (!known.values().containsAll(found)) {
            Segment newest = Collections.max(found);
            found.forEach(segment -> known.put(segment.name().fileName(), segment));
            found = list(known);
            found.removeIf(segment -> segment.compareTo(newest) > 0);
        }
        Set<Segment> gone = new HashSet<>(known.values());
        found.forEach(gone::remove);
        gone.forEach(segment -> channels.forget(segment.file()));
        Collections.sort(found);
        chain = new SegmentChain(found);
        return chain;
    }

    private List<Segment> list(Map<String, Segment> known) throws IOException {
        List<Segment> found = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                String fileName = file.getFileName().toString();
                Segment listed = known.get(fileName);
                if (listed != null) {
                    found.add(listed);
                } else {
                    SegmentName.parse(fileName).ifPresent(name -> found.add(new Segment(key, name, file)));
                }
            }
        } catch (NoSuchFileException | NotDirectoryException e) {
            found.clear();
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return found;
    }
}
