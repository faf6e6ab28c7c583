package dev.streamwal.cli;

import dev.streamwal.WalOptions;
import dev.streamwal.error.WalException;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.Window;
import dev.streamwal.reader.ConsumerInfo;
import dev.streamwal.reader.StreamInfo;
import dev.streamwal.reader.WalReader;
import dev.streamwal.retention.ExpiryPlan;
import dev.streamwal.retention.HeldBack;
import dev.streamwal.retention.KnownTime;
import dev.streamwal.retention.MisdatedSegments;
import dev.streamwal.retention.StreamPolicy;
import dev.streamwal.retention.SweepTime;
import dev.streamwal.retention.TimeRules;
import dev.streamwal.segment.Segment;
import dev.streamwal.storage.WriterFile;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The segments of a log, and which of them would be deleted: by what can be read without opening the log for writing. So it leaves out what recovery
 * would do first, and a live log may have other files a moment later.
 */
final class SegmentInventory {

    /** The longest retention. */
    static final Duration ANY_TIME = Duration.ofMillis(StreamPolicy.MAX_RETENTION_MILLIS);

    /** The writing program's value is unknown. */
    private static final WalOptions OPTIONS = WalOptions.builder().build();

    /** Something is deleted or packed once a window, or a few times. */
    private static final int MAX_LISTINGS = 16;

    private final Path root;

    private final LogSegments log;

    /** By key, as they were when it was planned what would be deleted: they may have gone since. */
    private final Map<String, List<Found>> planned = new HashMap<>();

    SegmentInventory(Path root, LogSegments log) {
        this.root = root;
        this.log = log;
    }

    /** A segment, with the length that it had just now. */
    record Found(Segment segment, long bytes) {

        SegmentName name() {
            return segment.name();
        }
    }

    /** The number of segments that would be deleted only because the time is further ahead than can be explained: see {@link SweepTime}. */
    int doubtful(Instant now) throws IOException {
        OptionalLong known = WriterFile.knownMillis(root);
        long advanceMillis = OPTIONS.maxClockAdvance().toMillis();
        if (known.isEmpty() || SweepTime.isBelievable(TimeRules.millis(now), known.getAsLong(), advanceMillis)) {
            return 0;
        }
        try (WalReader reader = WalReader.open(root)) {
            List<ExpiryPlan.Stream> views = new ArrayList<>();
            for (String key : reader.keys()) {
                List<ExpiryPlan.Segment> dated = new ArrayList<>();
                for (Found segment : segments(key)) {
                    dated.add(new ExpiryPlan.Segment(segment.name().basePosition(), segment.name().expirationMillis(),
                            window(segment).endMillis(), segment.bytes(), true));
                }
                views.add(new ExpiryPlan.Stream(key, Long.MAX_VALUE, dated));
            }
            // what is in shared segments is among them
            return SweepTime.of(TimeRules.millis(now), known.getAsLong(), advanceMillis, views, before -> false).segments();
        }
    }

    /** For a file that can't be read it is unknown: such a file counts as old. */
    private Window window(Found found) {
        Window old = new Window(Long.MIN_VALUE, Long.MIN_VALUE + 1);
        try {
            return windowNow(found).orElse(old);
        } catch (IOException | WalException e) {
            return old;
        }
    }

    /**
     * What a sweep would delete now, if it trusts the time.
     *
     * @param consumers for whom everything is kept that they haven't committed
     */
    HeldBack.Outcome expired(Instant now, Collection<String> consumers) throws IOException {
        KnownTime time = new KnownTime(TimeRules.millis(now), OPTIONS.maxClockSkew().toMillis(), () -> 0);
        try (WalReader reader = WalReader.open(root)) {
            List<ExpiryPlan.Stream> views = new ArrayList<>();
            for (String key : reader.keys()) {
                List<Found> segments = segments(key);
                planned.put(key, segments);
                views.add(new ExpiryPlan.Stream(key, Long.MAX_VALUE, MisdatedSegments.withDueExpirations(TimeRules.millis(now),
                        segments.stream().map(SegmentInventory::view).toList(),
                        index -> time.isAhead(window(segments.get(index)).startMillis(), TimeRules.millis(now)))));
            }
            List<ExpiryPlan.Deletion> plan = ExpiryPlan.of(TimeRules.millis(now), Long.MAX_VALUE, views);
            return HeldBack.of(TimeRules.millis(now), dues(plan, views, reader), holds(plan, consumers, reader));
        }
    }

    private static List<HeldBack.Due> dues(List<ExpiryPlan.Deletion> plan, List<ExpiryPlan.Stream> views, WalReader reader) {
        Map<ExpiryPlan.Segment, Long> ends = new IdentityHashMap<>();
        for (ExpiryPlan.Stream stream : views) {
            List<ExpiryPlan.Segment> segments = stream.segments();
            for (int i = 1; i < segments.size(); i++) {
                ends.put(segments.get(i - 1), segments.get(i).basePosition());
            }
        }
        List<HeldBack.Due> dues = new ArrayList<>(plan.size());
        for (ExpiryPlan.Deletion deletion : plan) {
            Long end = ends.get(deletion.segment());
            dues.add(new HeldBack.Due(deletion, end != null ? end : end(deletion.key(), reader)));
        }
        return dues;
    }

    /** Of a stream that can't be read it is unknown: consumers may have something left to read. */
    private static long end(String key, WalReader reader) {
        try {
            return reader.describe(key).map(StreamInfo::endPosition).orElse(Long.MAX_VALUE);
        } catch (WalException e) {
            return Long.MAX_VALUE;
        }
    }

    private static Map<String, List<HeldBack.Hold>> holds(List<ExpiryPlan.Deletion> plan, Collection<String> consumers, WalReader reader) {
        Map<String, List<HeldBack.Hold>> holds = new HashMap<>();
        plan.forEach(deletion -> holds.put(deletion.key(), new ArrayList<>()));
        for (String name : consumers) {
            // one that was declared and has no cursor may read any stream, and has committed nothing
            Optional<ConsumerInfo> consumer = reader.describeConsumer(name);
            Map<String, Long> committed = consumer.map(ConsumerInfo::committed).map(Map::copyOf).orElse(Map.of());
            holds.forEach((key, ofKey) -> {
                if (consumer.isEmpty() || consumer.get().keys().contains(key)) {
                    ofKey.add(new HeldBack.Hold(committed.getOrDefault(key, 0L), Long.MAX_VALUE, ANY_TIME.toMillis()));
                }
            });
        }
        return holds;
    }

    /** Includes the newest segment: a sweep seals it if it has expired. */
    private static ExpiryPlan.Segment view(Found segment) {
        return new ExpiryPlan.Segment(segment.name().basePosition(), segment.name().expirationMillis(), segment.name().expirationMillis(),
                segment.bytes(), true);
    }

    /** The file that held the segment when {@link #expired} found it. */
    Path fileOf(ExpiryPlan.Deletion deletion) {
        return planned.getOrDefault(deletion.key(), List.of()).stream().filter(found -> found.name().basePosition() == deletion.segment().basePosition())
                .findFirst().orElseThrow().segment().file();
    }

    /** What a purge would delete of a stream's segments. */
    List<Found> over(List<Found> segments, Instant before) throws IOException {
        List<Found> over = new ArrayList<>();
        for (Found segment : segments) {
            if (!isOver(segment, before)) {
                break;
            }
            over.add(segment);
        }
        return over;
    }

    private boolean isOver(Found found, Instant before) throws IOException {
        return windowNow(found).map(window -> window.endMillis() <= TimeRules.millis(before)).orElse(true);
    }

    /** Also if it has moved into a pack meanwhile; empty if it was deleted. */
    private Optional<Window> windowNow(Found found) throws IOException {
        try {
            return Optional.of(found.segment().header(log.channels()).window());
        } catch (NoSuchFileException e) {
            Optional<Segment> moved = log.movedTo(found.segment());
            return moved.isEmpty() ? Optional.empty() : Optional.of(moved.get().header(log.channels()).window());
        }
    }

    /** In order of position. Listed anew while segments are deleted or packed; at last those are left out. */
    List<Found> segments(String key) throws IOException {
        for (int listing = 1; ; listing++) {
            List<Segment> listed = log.of(key);
            List<Found> found = new ArrayList<>();
            for (Segment segment : listed) {
                LogSegments.bytes(segment).ifPresent(bytes -> found.add(new Found(segment, bytes)));
            }
            if (found.size() == listed.size() || listing == MAX_LISTINGS) {
                return found;
            }
        }
    }
}
