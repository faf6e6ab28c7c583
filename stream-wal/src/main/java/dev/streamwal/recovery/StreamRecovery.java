package dev.streamwal.recovery;

import dev.streamwal.format.Footer;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.source.SegmentFiles;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.SegmentStorage;
import dev.streamwal.storage.StorageBytes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Brings a stream's segments in order when it is first written to: those without a footer, which are the newest ones. From the first of
 * them on, each is walked and its end repaired; those before have a footer, which proves that they are whole.
 */
public final class StreamRecovery {

    /** Who is told of what was repaired. Never throws. */
    public interface Listener {
        void repaired(StreamKey key, Path file, RecoveryDecision decision, long recordsKept, long bytesCut, Optional<Path> setAside);
    }

    /**
     * A segment without a footer.
     *
     * @param file not open
     * @param appendable whether it may be appended to; else it is to be sealed
     */
    public record Unfinished(SegmentHeader header, SegmentFile file, RecoveredTail tail, boolean appendable) {}

    /**
     * What a stream goes on from.
     *
     * @param unfinished in order of position
     * @param removed segments that are not in the stream's directory any more
     * @param end stream position where the last record ends; empty where nobody knows
     * @param lastWindowStart of the newest segment; {@link Long#MIN_VALUE} where there is none
     * @param contiguous whether the stream goes on at {@code end}; else at the log's {@code start}
     */
    public record Outcome(
            List<Unfinished> unfinished, List<SegmentName> removed, OptionalLong end, long lastWindowStart, boolean contiguous) {}

    private final SegmentStorage storage;
    private final Quarantine quarantine;
    private final long incarnation;
    private final Listener listener;

    public StreamRecovery(SegmentStorage storage, Path root, long incarnation, Listener listener) {
        this.storage = storage;
        this.quarantine = new Quarantine(root);
        this.incarnation = incarnation;
        this.listener = listener;
    }

    /** Of the log, since the machine was restarted last. */
    public long incarnation() {
        return incarnation;
    }

    /**
     * @param names of the stream's segments in order of position, not empty
     * @throws dev.streamwal.reader.CorruptSegmentException where the stream can't be appended to because of damage
     * @throws dev.streamwal.reader.UnsupportedFormatException where a newer version wrote it
     */
    public Outcome recover(StreamKey key, Path directory, List<SegmentName> names) throws IOException {
        List<Opened> open = unfinishedOf(key, directory, names);
        List<Unfinished> unfinished = new ArrayList<>();
        List<SegmentName> removed = new ArrayList<>();
        try {
            for (int i = 0; i < open.size(); i++) {
                Opened segment = open.get(i);
                if (segment.footer() != null) {
                    continue;
                }
                boolean newest = i == open.size() - 1;
                OptionalLong knownEnd = newest ? OptionalLong.empty() : OptionalLong.of(open.get(i + 1).header().previousEnd());
                Unfinished repaired = repair(segment, knownEnd, newest);
                if (knownEnd.isPresent() && endOf(repaired) != knownEnd.getAsLong()) {
                    removed.addAll(setAsideFrom(open.subList(i + 1, open.size())));
                    unfinished.add(new Unfinished(repaired.header(), repaired.file(), repaired.tail(), false));
                    return outcome(repaired.header(), endOf(repaired), unfinished, removed);
                }
                unfinished.add(repaired);
            }
        } finally {
            open.forEach(segment -> segment.file().close());
        }
        Opened newest = open.get(open.size() - 1);
        Footer footer = newest.footer();
        long end = footer != null
                ? endOf(newest.header(), footer.dataEnd())
                : endOf(unfinished.get(unfinished.size() - 1));
        return outcome(newest.header(), end, unfinished, removed);
    }

    private Outcome outcome(SegmentHeader newest, long end, List<Unfinished> unfinished, List<SegmentName> removed) {
        boolean contiguous = newest.incarnation() == incarnation && !newest.isCut();
        return new Outcome(unfinished, removed, OptionalLong.of(end), newest.window().startMillis(), contiguous);
    }

    private record Opened(SegmentHeader header, SegmentFile file, @Nullable Footer footer) {}

    /** Backwards to the first footer, which is included; everything before it has one, since sealing goes in order. */
    private List<Opened> unfinishedOf(StreamKey key, Path directory, List<SegmentName> names) throws IOException {
        List<Opened> found = new ArrayList<>();
        for (int i = names.size() - 1; i >= 0; i--) {
            SegmentFile file = storage.open(directory.resolve(names.get(i).fileName()));
            try {
                SegmentHeader header = SegmentFiles.readHeader(StorageBytes.of(file), file.path(), key, names.get(i));
                Footer footer = SegmentFiles.readFooter(StorageBytes.of(file), header).orElse(null);
                found.add(0, new Opened(header, file, footer));
                if (footer != null) {
                    break;
                }
            } finally {
                file.close();
            }
        }
        return found;
    }

    private Unfinished repair(Opened segment, OptionalLong knownEnd, boolean newest) throws IOException {
        SegmentHeader header = segment.header();
        boolean sameIncarnation = header.incarnation() == incarnation;
        SegmentRepair repair = new SegmentRepair(header, segment.file(), quarantine, sameIncarnation, knownEnd);
        RecoveredTail tail = repair.repair();
        segment.file().close();
        if (repair.decision() != RecoveryDecision.KEEP) {
            listener.repaired(header.key(), segment.file().path(), repair.decision(), tail.index().records(), repair.bytesCut(),
                    repair.setAside());
        }
        return new Unfinished(header, segment.file(), tail, newest && sameIncarnation && !header.isCut());
    }

    /** What lies behind the place where a restart of the machine tore the stream. */
    private List<SegmentName> setAsideFrom(List<Opened> segments) throws IOException {
        List<SegmentName> names = new ArrayList<>();
        for (Opened segment : segments) {
            segment.file().close();
            long bytes = segment.file().length();
            segment.file().close();
            Path target = quarantine.setAside(segment.header().key(), segment.file().path());
            listener.repaired(segment.header().key(), segment.file().path(), RecoveryDecision.CUT_TORN_TAIL, 0, bytes, Optional.of(target));
            names.add(segment.header().name());
        }
        return names;
    }

    private static long endOf(Unfinished segment) {
        return endOf(segment.header(), segment.tail().tail());
    }

    /** Where the stream's data ends; in an empty segment, where it had ended before. */
    private static long endOf(SegmentHeader header, int dataEnd) {
        return dataEnd == header.headerLength() ? header.previousEnd() : header.positionAt(dataEnd);
    }
}
