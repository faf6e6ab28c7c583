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
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A stream's segments, by the names in its directory: nothing is opened to list them, and files with other names are somebody else's. What
 * was listed is kept until somebody misses something and refreshes it. Thread-safe.
 */
public final class SegmentCatalog {

    private final StreamKey key;
    private final Path directory;
    private final ChannelCache channels;

    private volatile SegmentChain chain = SegmentChain.EMPTY;

    /** @param channels told of files that have gone */
    public SegmentCatalog(StreamKey key, Path directory, ChannelCache channels) {
        this.key = key;
        this.directory = directory;
        this.channels = channels;
    }

    /** Of the stream. */
    public StreamKey key() {
        return key;
    }

    /** As listed last; empty before the first {@link #refresh()}. */
    public SegmentChain chain() {
        return chain;
    }

    /**
     * Lists the directory; empty where there is none.
     *
     * <p>A listing may show a file that was made while it ran and not one that was made just before that: then a segment would seem to have
     * gone. But what existed when a listing began is in it. So where segments have come, it lists once more, and believes that second
     * listing up to the newest segment of the first one.
     */
    public synchronized SegmentChain refresh() throws IOException {
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
