package dev.streamwal.append;

import dev.streamwal.format.SegmentName;
import dev.streamwal.io.DirectoryListing;
import dev.streamwal.io.FileLink;
import dev.streamwal.recovery.StreamRecovery;
import dev.streamwal.storage.SegmentNames;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A stream's segments in order of position, as its writer knows them. Guarded by the stream's rotation lock. */
final class SegmentList {

    private final List<SegmentEntry> entries = new ArrayList<>();
    private final SegmentTotals totals;

    /** @param totals of the log, to which this list adds */
    SegmentList(SegmentTotals totals) {
        this.totals = totals;
    }

    /** Lists a directory; opens nothing, and leaves other files alone. */
    void load(Path directory, SegmentStorage storage) throws IOException {
        List<SegmentEntry> found = new ArrayList<>();
        try {
            DirectoryListing.each(directory, file -> {
                String fileName = file.getFileName().toString();
                SegmentName name = SegmentName.parse(fileName).orElse(null);
                if (name != null) {
                    found.add(new SegmentEntry(name, Files.size(file)));
                } else if (SegmentNames.isTemporary(file)) {
                    storage.delete(file);
                }
            });
        } catch (NoSuchFileException e) {
            // the stream doesn't exist yet
        }
        found.sort((a, b) -> a.name().compareTo(b.name()));
        found.forEach(this::add);
    }

    /** Discards the list, which then has to be loaded again. */
    void forget() {
        entries.forEach(this::uncount);
        entries.clear();
    }

    boolean isEmpty() {
        return entries.isEmpty();
    }

    int size() {
        return entries.size();
    }

    List<SegmentEntry> all() {
        return Collections.unmodifiableList(entries);
    }

    List<StreamRecovery.Listed> listed() {
        return entries.stream().map(entry -> new StreamRecovery.Listed(entry.name(), entry.bytes())).toList();
    }

    SegmentEntry oldest() {
        return entries.get(0);
    }

    SegmentEntry newest() {
        return entries.get(entries.size() - 1);
    }

    void add(SegmentEntry newest) {
        ActiveSegment segment = newest.unfinished();
        if (segment != null) {
            totals.opened(segment);
        }
        entries.add(newest);
        totals.changed(1, segment == null ? newest.bytes() : 0);
    }

    void remove(SegmentEntry entry) {
        if (entries.remove(entry)) {
            uncount(entry);
        }
    }

    void remove(List<SegmentName> names) {
        entries.stream().filter(entry -> names.contains(entry.name())).toList().forEach(this::remove);
    }

    private void uncount(SegmentEntry entry) {
        ActiveSegment segment = entry.unfinished();
        if (segment == null) {
            totals.changed(-1, -entry.bytes());
        } else {
            totals.changed(-1, 0);
            totals.released(segment);
        }
    }

    /** A segment that was listed has no footer: it has to be sealed, or to be sealed once more. */
    void unfinished(SegmentEntry entry, ActiveSegment segment) {
        ActiveSegment before = entry.unfinished();
        if (before == null) {
            totals.changed(0, -entry.bytes());
        } else {
            totals.released(before);
        }
        entry.unfinished(segment);
        totals.opened(segment);
    }

    /** A segment has its final size. */
    void finished(SegmentEntry entry, long fileBytes) {
        ActiveSegment segment = entry.unfinished();
        totals.changed(0, segment == null ? fileBytes - entry.bytes() : fileBytes);
        entry.finished(fileBytes);
        if (segment != null) {
            totals.released(segment);
        }
    }

    /** Searches from the newest on: it is mostly one of the last. */
    @Nullable SegmentEntry of(ActiveSegment segment) {
        for (int i = entries.size() - 1; i >= 0; i--) {
            if (entries.get(i).unfinished() == segment) {
                return entries.get(i);
            }
        }
        return null;
    }

    /** The segment that has this position, or had it before it was cut; null if all begin after it. */
    @Nullable SegmentEntry holding(long position) {
        for (int i = entries.size() - 1; i >= 0; i--) {
            if (entries.get(i).name().basePosition() <= position) {
                return entries.get(i);
            }
        }
        return null;
    }

    /** The segment behind one; null if there is none. */
    @Nullable SegmentEntry behind(SegmentName name) {
        int index = entries.indexOf(named(name));
        return index + 1 < entries.size() ? entries.get(index + 1) : null;
    }

    SegmentEntry named(SegmentName name) {
        for (SegmentEntry entry : entries) {
            if (entry.name().equals(name)) {
                return entry;
            }
        }
        throw new IllegalStateException("recovery found a segment that was not listed: segment=" + name);
    }

    /** The segments that hold a mapping or a file, oldest first. */
    List<ActiveSegment> unfinished() {
        List<ActiveSegment> found = new ArrayList<>();
        for (SegmentEntry entry : entries) {
            ActiveSegment segment = entry.unfinished();
            if (segment != null) {
                found.add(segment);
            }
        }
        return found;
    }

    /** Copies all files; finished ones by a hard link if the file system has such links. */
    void copyTo(Path directory, Path target) throws IOException {
        if (!entries.isEmpty()) {
            Files.createDirectories(target);
        }
        for (SegmentEntry entry : entries) {
            Path copy = target.resolve(entry.name().fileName());
            ActiveSegment unfinished = entry.unfinished();
            if (unfinished == null) {
                FileLink.linkOrCopy(directory.resolve(entry.name().fileName()), copy);
            } else {
                unfinished.copyTo(copy);
            }
        }
    }

    /** Size of all files. */
    long bytes() {
        return entries.stream().mapToLong(SegmentEntry::bytes).sum();
    }
}
