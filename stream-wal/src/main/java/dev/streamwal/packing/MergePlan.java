package dev.streamwal.packing;

import dev.streamwal.format.Window;
import dev.streamwal.manifest.ListedPack;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Which packs become one. Pure: the same input gives the same list.
 *
 * <p>Only packs of one span of time, one retention and the same options become one. A span is a window first. While more may come of it, as many as a
 * merge takes are merged when there are so many of one level; so a record is merged once a level, and of each level there are fewer packs than that.
 * When it is over, all become one. What comes late then makes small packs: a pack is merged with those that are smaller only where these together
 * have a fourth of its bytes. So of the packs of a span that stay each is more than four times as large as all smaller ones together, and there are few; and whenever a
 * record is merged its pack grows by a fourth at least.
 *
 * <p><b>Spans.</b> Windows that are short beside the retention would leave a pack each for all of it: 43,200 in 30 days of minutes. So where a window takes
 * at most half of a 64th of the retention, its span is that 64th of the retention, by the clock, in which it ends, as soon as that is over; before,
 * the 64th of the 64th, and so on. So of a retention there are some 64 packs, as many of the 64th that goes on, and so on, and a record is merged once
 * for each. What becomes one expires as if it were of the end of the span: a 64th of the retention late at most, and half of that.
 *
 * <p>Packs of windows that aren't over stand as they are: compressing takes longer than all else that is done with a record, and would be done once a
 * level. When the window is over they are compressed: as they are merged with others, or, where none go with them, by a merge of their own, which
 * smaller ones join, whatever they are.
 */
final class MergePlan {

    /** A pack that has more than this many times what those have that are smaller isn't merged with them. */
    static final int MAX_RATIO = 4;

    /** Of a retention, and of each of these. */
    static final int SPANS = 64;

    /** Of what is kept longer the packs have as much time in them as of what is kept so long. */
    static final long MAX_RETENTION_MILLIS = TimeUnit.DAYS.toMillis(SPANS * SPANS);

    /** Spans aren't shorter: no window is worth it. */
    private static final long SHORTEST_MILLIS = 2;

    /**
     * How much is too much for one merge, or for one pack.
     *
     * @param maxPacks of one merge, each of which is read ahead of
     * @param maxSegments of one pack
     * @param settleMillis behind the end of a window: what is appended by then may still be on its way into packs
     * @param compresses whether packs of windows that are over are compressed
     */
    record Limits(int maxPacks, long maxSegments, long settleMillis, boolean compresses) {}

    private static final Comparator<ListedPack> BY_SIZE = Comparator.comparingLong(ListedPack::bytes).thenComparingLong(ListedPack::number);

    /**
     * Packs that become one.
     *
     * @param packs those with lower numbers first; one alone is to be compressed
     * @param window of the one
     * @param expirationMillis of the one
     */
    record Merge(List<ListedPack> packs, Window window, long expirationMillis) {}

    /** Of time, in which packs become one. */
    private record Span(Window window, long expirationMillis, long optionsHash) implements Comparable<Span> {

        private static final Comparator<Span> BY_AGE = Comparator.<Span>comparingLong(span -> span.window().endMillis())
                .thenComparingLong(span -> span.window().startMillis()).thenComparingLong(Span::expirationMillis)
                .thenComparingLong(Span::optionsHash);

        static Span of(ListedPack pack, long nowMillis, Limits limits) {
            Window window = pack.window();
            long retention = pack.expirationMillis() - window.endMillis();
            if (pack.isOfSameOptions(pack.optionsHash())) {
                for (long length = Math.min(retention, MAX_RETENTION_MILLIS) / SPANS; length >= SHORTEST_MILLIS; length /= SPANS) {
                    long end = (Math.floorDiv(window.endMillis() - 1, length) + 1) * length;
                    if (isPartOf(window, end, length) && isOver(end, nowMillis, limits)) {
                        return new Span(new Window(end - length, end), end + retention, pack.optionsHash());
                    }
                }
            }
            return new Span(window, pack.expirationMillis(), pack.optionsHash());
        }

        /** A short window, or what was merged of some before. */
        private static boolean isPartOf(Window window, long spanEnd, long spanMillis) {
            long length = window.endMillis() - window.startMillis();
            return length <= spanMillis / 2 || (window.endMillis() == spanEnd && length >= spanMillis && length <= 2 * spanMillis);
        }

        /** A window that ends in it may begin before. */
        Merge merge(List<ListedPack> packs) {
            long start = packs.stream().mapToLong(pack -> pack.window().startMillis()).min().orElse(Long.MAX_VALUE);
            return new Merge(packs, new Window(Math.min(start, window.startMillis()), window.endMillis()), expirationMillis);
        }

        @Override
        public int compareTo(Span other) {
            return BY_AGE.compare(this, other);
        }
    }

    private MergePlan() {}

    /**
     * At most one merge for each span; when that is done, there may be another one.
     *
     * @return of older spans first
     */
    static List<Merge> of(List<ListedPack> packs, long nowMillis, Limits limits) {
        NavigableMap<Span, List<ListedPack>> bySpan = new TreeMap<>();
        packs.forEach(pack -> bySpan.computeIfAbsent(Span.of(pack, nowMillis, limits), span -> new ArrayList<>()).add(pack));
        List<Merge> merges = new ArrayList<>();
        bySpan.forEach((span, ofSpan) -> {
            boolean isOver = isOver(span.window(), nowMillis, limits);
            Optional<List<ListedPack>> merge = ofOneLevel(ofSpan, limits);
            (merge.isPresent() || !isOver ? merge : ofAll(ofSpan, limits)).ifPresent(packsOfMerge -> merges.add(span.merge(packsOfMerge)));
        });
        return merges;
    }

    private static Optional<List<ListedPack>> ofOneLevel(List<ListedPack> packs, Limits limits) {
        NavigableMap<Integer, List<ListedPack>> byLevel = new TreeMap<>();
        packs.forEach(pack -> byLevel.computeIfAbsent(pack.level(), level -> new ArrayList<>()).add(pack));
        for (List<ListedPack> ofLevel : byLevel.values()) {
            List<ListedPack> fit = asFit(ofLevel, limits);
            if (fit.size() > 1 && isEnough(ofLevel, fit, limits)) {
                return Optional.of(byNumber(fit));
            }
        }
        return Optional.empty();
    }

    /** As many as a merge takes; or fewer, with so many segments that no more fit into one pack. */
    private static boolean isEnough(List<ListedPack> ofLevel, List<ListedPack> fit, Limits limits) {
        return ofLevel.size() >= limits.maxPacks()
                || (fit.size() < ofLevel.size() && fit.stream().mapToLong(ListedPack::segments).sum() > limits.maxSegments() / 2);
    }

    /** Of a window that is over. */
    private static Optional<List<ListedPack>> ofAll(List<ListedPack> packs, Limits limits) {
        Optional<List<ListedPack>> ofSizes = ofSizes(packs, limits);
        List<ListedPack> asTheyAre = packs.stream().filter(pack -> limits.compresses() && !pack.isCompressed()).toList();
        boolean isNoneLeft = asTheyAre.isEmpty() || ofSizes.stream().flatMap(List::stream).anyMatch(asTheyAre::contains);
        return isNoneLeft ? ofSizes : Optional.of(byNumber(withSmaller(asTheyAre, packs, limits)));
    }

    /** What is compressed is written anew, so those that are smaller join it. */
    private static List<ListedPack> withSmaller(List<ListedPack> asTheyAre, List<ListedPack> packs, Limits limits) {
        ListedPack largest = Collections.max(asTheyAre, BY_SIZE);
        List<ListedPack> fit = asFit(packs.stream().filter(pack -> BY_SIZE.compare(pack, largest) <= 0).toList(), limits);
        return fit.stream().anyMatch(asTheyAre::contains) ? fit : asFit(asTheyAre, limits);
    }

    /** Whether little more comes of a window. */
    static boolean isOver(Window window, long nowMillis, Limits limits) {
        return isOver(window.endMillis(), nowMillis, limits);
    }

    private static boolean isOver(long endMillis, long nowMillis, Limits limits) {
        return endMillis + limits.settleMillis() <= nowMillis;
    }

    private static Optional<List<ListedPack>> ofSizes(List<ListedPack> packs, Limits limits) {
        List<ListedPack> fit = asFit(packs, limits);
        long smaller = fit.get(0).bytes();
        int count = 1;
        for (int i = 1; i < fit.size(); i++) {
            count = fit.get(i).bytes() <= MAX_RATIO * smaller ? i + 1 : count;
            smaller += fit.get(i).bytes();
        }
        return count == 1 ? Optional.empty() : Optional.of(byNumber(fit.subList(0, count)));
    }

    /** The smallest of them, as many as one merge takes, and as fit into one pack. */
    private static List<ListedPack> asFit(List<ListedPack> packs, Limits limits) {
        List<ListedPack> fit = new ArrayList<>();
        long segments = 0;
        for (ListedPack pack : packs.stream().sorted(BY_SIZE).limit(limits.maxPacks()).toList()) {
            segments += pack.segments();
            if (segments > limits.maxSegments() && !fit.isEmpty()) {
                break;
            }
            fit.add(pack);
        }
        return fit;
    }

    private static List<ListedPack> byNumber(List<ListedPack> packs) {
        return packs.stream().sorted(Comparator.comparingLong(ListedPack::number)).toList();
    }
}
