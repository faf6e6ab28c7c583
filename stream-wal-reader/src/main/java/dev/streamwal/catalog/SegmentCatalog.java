package dev.streamwal.catalog;

import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.segment.FooterCache;
import dev.streamwal.segment.OwnSegment;
import dev.streamwal.segment.Segment;
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
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * A stream's segments, by the names in its directory: nothing is opened to list them, and files with other names are somebody else's. What
 * was listed is kept until somebody misses something and refreshes it. Thread-safe.
 */
public final class SegmentCatalog {

    private final StreamKey key;
    private final Path directory;
    private final ChannelCache channels;
    private final FooterCache footers;

    private volatile SegmentChain chain = SegmentChain.EMPTY;
    private final ListingAge age;

    /**
     * Of a stream.
     *
     * @param channels told of files that have gone
     * @param footers what is kept of the log's footers
     */
    public SegmentCatalog(StreamKey key, Path directory, ChannelCache channels, FooterCache footers) {
        this(key, directory, channels, footers, System::nanoTime);
    }

    SegmentCatalog(StreamKey key, Path directory, ChannelCache channels, FooterCache footers, LongSupplier nanoTime) {
        this.key = key;
        this.directory = directory;
        this.channels = channels;
        this.footers = footers;
        this.age = new ListingAge(nanoTime);
    }

    /** Of the stream. */
    public StreamKey key() {
        return key;
    }

    /** As listed last; empty before the first {@link #refresh()}. */
    public SegmentChain chain() {
        return chain;
    }

    /** Whether the stream's directory is certain not to be there any more; then its files are let go of. */
    boolean isGone() {
        if (!Files.notExists(directory)) {
            return false;
        }
        SegmentChain last = chain;
        for (int i = 0; i < last.size(); i++) {
            channels.forget(last.get(i).file());
        }
        return true;
    }

    /** Lists the directory, unless that can't have changed since it was listed; empty where there is none. */
    public synchronized SegmentChain refresh() throws IOException {
        FileTime now;
        try {
            now = Files.getLastModifiedTime(directory);
        } catch (NoSuchFileException e) {
            age.forget();
            return listAnew();
        }
        if (age.isCurrent(now)) {
            return chain;
        }
        SegmentChain listed = listAnew();
        age.listed();
        return listed;
    }

    private SegmentChain listAnew() throws IOException {
        SegmentChain old = chain;
        Map<String, Segment> known = new HashMap<>();
        for (int i = 0; i < old.size(); i++) {
            known.put(old.get(i).name().fileName(), old.get(i));
        }
        Map<String, Segment> found = channels.makingRoom(() -> list(known));
        if (!known.keySet().containsAll(found.keySet())) {
            Map<String, Segment> first = found;
            found = withoutGap(first, channels.makingRoom(() -> list(first)));
        }
        for (Segment segment : known.values()) {
            if (!found.containsKey(segment.name().fileName())) {
                channels.forget(segment.file());
            }
        }
        List<Segment> sorted = new ArrayList<>(found.values());
        Collections.sort(sorted);
        chain = new SegmentChain(sorted);
        return chain;
    }

    /**
     * What is named while a directory is read may be listed or not: so a new segment may be, and the one before it, which was named
     * earlier, may not, and a reader would take it for deleted. Everything up to the newest that was listed had its name before the second
     * listing began, which therefore has it; what the second has beyond that may have a gap before it again, and is left to the next
     * refresh.
     */
    private static Map<String, Segment> withoutGap(Map<String, Segment> first, Map<String, Segment> second) {
        Segment newest = Collections.max(first.values());
        second.values().removeIf(segment -> segment.compareTo(newest) > 0);
        return second;
    }

    /** By file name; the same objects as before for what is known. */
    private Map<String, Segment> list(Map<String, Segment> known) throws IOException {
        Map<String, Segment> found = new HashMap<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                String fileName = file.getFileName().toString();
                Segment listed = known.get(fileName);
                if (listed != null) {
                    found.put(fileName, listed);
                } else {
                    SegmentName.parse(fileName).ifPresent(name -> found.put(fileName, new OwnSegment(key, name, file, footers)));
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
