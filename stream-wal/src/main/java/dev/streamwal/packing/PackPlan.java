package dev.streamwal.packing;

import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Plans which segments go into which pack. Pure: the same input gives the same list.
 *
 * <p>A pack has segments of one window and one expiration, so that it expires as a whole. Packing takes segments only from the beginning of a stream:
 * a segment is packed only if all older ones of its stream are packed before it. A window with few segments is left alone, and so are the later
 * windows of its streams: a log with few streams would gain less than the second write costs. But if a window has a pack anyway, because other
 * streams share segments, all its small segments join the pack.
 */
public final class PackPlan {

    /**
     * When a pack is worth its cost, and how large it may become.
     *
     * @param minSegments of a window, below which it is left alone
     * @param maxSegments of one pack
     * @param maxBytes of one pack; exceeded by at most one stream's segments, because these stay together
     * @param maxOfStream segments of one stream in one pack
     */
    public record Limits(int minSegments, int maxSegments, long maxBytes, int maxOfStream) {}

    /**
     * A segment that may be packed.
     *
     * @param bytes of its file
     */
    public record Source(StreamKey key, SegmentName name, Window window, long bytes) {}

    /**
     * A pack to be made.
     *
     * @param sources in the order in which they stand in it: by key, then by position
     */
    public record Job(Window window, long expirationMillis, List<Source> sources) {}

    private record Span(long endMillis, long startMillis, long expirationMillis) implements Comparable<Span> {

        private static final Comparator<Span> BY_AGE = Comparator.comparingLong(Span::endMillis).thenComparingLong(Span::startMillis)
                .thenComparingLong(Span::expirationMillis);

        static Span of(Source source) {
            return new Span(source.window().endMillis(), source.window().startMillis(), source.name().expirationMillis());
        }

        @Override
        public int compareTo(Span other) {
            return BY_AGE.compare(this, other);
        }
    }

    private PackPlan() {}

    /** Says which packs there are. */
    @FunctionalInterface
    public interface Packed {
        boolean has(Window window, long expirationMillis);
    }

    /**
     * @param streams the oldest segments of each, in order of position, as far as they may be packed
     * @param packed says which windows have packs
     * @return in the order of execution: if one fails, later ones with segments of the same streams must not be executed
     */
    public static List<Job> of(List<List<Source>> streams, Packed packed, Limits limits) {
        NavigableMap<Span, List<Deque<Source>>> bySpan = new TreeMap<>();
        for (List<Source> stream : streams) {
            Deque<Source> left = new ArrayDeque<>(stream);
            stream.stream().map(Span::of).distinct().forEach(span -> bySpan.computeIfAbsent(span, unused -> new ArrayList<>()).add(left));
        }
        List<Job> jobs = new ArrayList<>();
        bySpan.forEach((span, lefts) -> {
            List<List<Source>> found = new ArrayList<>();
            for (Deque<Source> left : lefts) {
                List<Source> first = beginning(left, span, limits.maxOfStream());
                if (!first.isEmpty()) {
                    found.add(first);
                }
            }
            boolean isWorthIt = found.stream().mapToInt(List::size).sum() >= limits.minSegments();
            if (!found.isEmpty() && (isWorthIt || packed.has(new Window(span.startMillis(), span.endMillis()), span.expirationMillis()))) {
                lefts.forEach(left -> removeBeginning(left, span, limits.maxOfStream()));
                split(span, found, limits, jobs);
            }
        });
        return jobs;
    }

    /** Segments beyond the limit, and all behind them, wait for the next pass. */
    private static List<Source> beginning(Deque<Source> left, Span span, int limit) {
        return left.stream().limit(limit).takeWhile(source -> Span.of(source).equals(span)).toList();
    }

    private static void removeBeginning(Deque<Source> left, Span span, int limit) {
        int count = beginning(left, span, limit).size();
        for (int i = 0; i < count; i++) {
            left.removeFirst();
        }
    }

    private static void split(Span span, List<List<Source>> found, Limits limits, List<Job> jobs) {
        found.sort((a, b) -> Arrays.compareUnsigned(a.get(0).key().utf8(), b.get(0).key().utf8()));
        List<Source> sources = new ArrayList<>();
        long bytes = 0;
        for (List<Source> stream : found) {
            long more = stream.stream().mapToLong(Source::bytes).sum();
            if (!sources.isEmpty() && (sources.size() + stream.size() > limits.maxSegments() || bytes + more > limits.maxBytes())) {
                jobs.add(job(span, sources));
                sources = new ArrayList<>();
                bytes = 0;
            }
            sources.addAll(stream);
            bytes += more;
        }
        jobs.add(job(span, sources));
    }

    private static Job job(Span span, List<Source> sources) {
        return new Job(new Window(span.startMillis(), span.endMillis()), span.expirationMillis(), List.copyOf(sources));
    }
}
