package dev.streamwal.packing;

import dev.streamwal.format.Window;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.pack.PackWriter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongPredicate;
import java.util.function.ToLongFunction;

/**
 * Plans which packs are merged. Pure: the same input gives the same list.
 *
 * <p>Only packs of the same span of time, the same retention and the same options are merged. The initial span is a window. While more packs of the
 * window may come, a merge starts when there are as many packs of one level as one merge takes, or as fill a pack with short segments; so each
 * record is merged once per level at most, and each level has fewer packs than that. When the window is over, all its packs become one. Late records
 * then make small packs: a pack is merged with the smaller ones only if these together have at least a fourth of its bytes. So each pack that stays
 * is more than four times as large as all smaller ones of its span together, which keeps their number small; and each merge that rewrites a record
 * enlarges its pack by at least a fourth.
 *
 * <p><b>Spans.</b> Windows that are short compared with the retention would leave one pack each: 43,200 in 30 days of one-minute windows. So if a
 * window takes at most half of a 32nd of the retention, its span becomes that 32nd of the retention, by the clock, in which it ends, as soon as that
 * is over; before, a 32nd of that 32nd, and so on. A retention therefore has some 32 packs, the current 32nd as many again, and so on, and each
 * record is merged once per level. A merged pack expires as if all of it were from the span's end: late by at most a 32nd of the retention, and half
 * of that.
 *
 * <p>Packs of windows that aren't over stay uncompressed: compression takes longer than all other work on a record, and would be repeated at each
 * level. Packs are compressed when their window is over: by a merge with others or, if there are none to merge, by a merge of their own, which
 * smaller packs join regardless of the rules above.
 */
final class MergePlan {

    /** A pack isn't merged with the smaller ones if it has more than this many times their bytes. */
    static final int MAX_RATIO = 4;

    /** Segments of this length are read in one go each, wherever they stand: joining them is worth little before the window is over. */
    static final int LONG_SEGMENT_BYTES = 1 << 10;

    /** How many parts a retention has, and each of these parts again. */
    static final int SPANS = 32;

    /** Packs of longer retentions span as much time as packs of this retention. */
    static final long MAX_RETENTION_MILLIS = TimeUnit.DAYS.toMillis(4_096);

    /** Spans aren't shorter: merging isn't worth it for any shorter window. */
    private static final long SHORTEST_MILLIS = 2;

    /**
     * Limits of one merge, and of one pack.
     *
     * @param maxPacks of one merge, which reads ahead in each of them
     * @param maxSegments of one pack
     * @param settleMillis after the end of a window; records appended by then may still be on their way into packs
     * @param compresses whether packs of windows that are over are compressed
     * @param tableBytes gives an upper bound of the bytes of a pack's table
     */
    record Limits(int maxPacks, long maxSegments, long settleMillis, boolean compresses, ToLongFunction<ListedPack> tableBytes) {}

    /** Limit for the tables of all packs of a merge together. No merge is planned that can't be written: what is merged has room in one table. */
    static final long MAX_TABLE_BYTES = PackWriter.FULL_TABLE_BYTES;

    private static final Comparator<ListedPack> BY_SIZE = Comparator.comparingLong(ListedPack::bytes).thenComparingLong(ListedPack::number);

    /**
     * Packs that are merged into one.
     *
     * @param packs ordered by number; a single one is to be compressed
     * @param window of the merged pack
     * @param expirationMillis of the merged pack
     */
    record Merge(List<ListedPack> packs, Window window, long expirationMillis) {}

    /** A span of time whose packs are merged. */
    record Span(Window window, long expirationMillis, long optionsHash) implements Comparable<Span> {

        private static final Comparator<Span> BY_AGE = Comparator.<Span>comparingLong(span -> span.window().endMillis())
                .thenComparingLong(span -> span.window().startMillis()).thenComparingLong(Span::expirationMillis)
                .thenComparingLong(Span::optionsHash);

        private static Span of(ListedPack pack, long nowMillis, Limits limits) {
            return of(pack, end -> isOver(end, nowMillis, limits.settleMillis()));
        }

        /** The span of a pack of one window, which isn't written yet. */
        static Span of(Window window, long expirationMillis, long optionsHash, long nowMillis, long settleMillis) {
            return of(new ListedPack(1, window, expirationMillis, optionsHash, 0, false, 1, 1, 1), end -> isOver(end, nowMillis, settleMillis));
        }

        /** The longest span that the pack will ever belong to. */
        static Span longest(ListedPack pack) {
            return of(pack, end -> true);
        }

        private static Span of(ListedPack pack, LongPredicate isOver) {
            Window window = pack.window();
            long retention = pack.expirationMillis() - window.endMillis();
            if (pack.isOfSameOptions(pack.optionsHash())) {
                for (long length = Math.min(retention, MAX_RETENTION_MILLIS) / SPANS; length >= SHORTEST_MILLIS; length /= SPANS) {
                    long end = (Math.floorDiv(window.endMillis() - 1, length) + 1) * length;
                    if (isPartOf(window, end, length) && isOver.test(end)) {
                        return new Span(new Window(end - length, end), end + retention, pack.optionsHash());
                    }
                }
            }
            return new Span(window, pack.expirationMillis(), pack.optionsHash());
        }

        /** Whether a window belongs to a span: a short window, or several that were merged before. */
        private static boolean isPartOf(Window window, long spanEnd, long spanMillis) {
            long length = window.endMillis() - window.startMillis();
            return length <= spanMillis / 2 || (window.endMillis() == spanEnd && length >= spanMillis && length <= 2 * spanMillis);
        }

        /** A window that ends in the span may begin before it. */
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
     * Plans at most one merge per span; when that is done, there may be another one.
     *
     * @return older spans first
     */
    static List<Merge> of(List<ListedPack> packs, long nowMillis, Limits limits) {
        NavigableMap<Span, List<ListedPack>> bySpan = new TreeMap<>();
        // a larger table might not have room in another pack: its pack stays as it is
        packs.stream().filter(pack -> limits.tableBytes().applyAsLong(pack) <= MAX_TABLE_BYTES)
                .forEach(pack -> bySpan.computeIfAbsent(Span.of(pack, nowMillis, limits), span -> new ArrayList<>()).add(pack));
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

    /** As many packs as one merge takes, or fewer if their segments are short and more of them wouldn't fit one pack. */
    private static boolean isEnough(List<ListedPack> ofLevel, List<ListedPack> fit, Limits limits) {
        long segments = fit.stream().mapToLong(ListedPack::segments).sum();
        long bytes = fit.stream().mapToLong(ListedPack::bytes).sum();
        long tableBytes = fit.stream().mapToLong(limits.tableBytes()).sum();
        boolean isFull = fit.size() < ofLevel.size() && (segments > limits.maxSegments() / 2 || tableBytes > MAX_TABLE_BYTES / 2);
        return ofLevel.size() >= limits.maxPacks() || (isFull && bytes < segments * LONG_SEGMENT_BYTES);
    }

    /** Plans the merge of a window that is over. */
    private static Optional<List<ListedPack>> ofAll(List<ListedPack> packs, Limits limits) {
        Optional<List<ListedPack>> ofSizes = ofSizes(packs, limits);
        List<ListedPack> asTheyAre = packs.stream().filter(pack -> limits.compresses() && !pack.isCompressed()).toList();
        boolean isNoneLeft = asTheyAre.isEmpty() || ofSizes.stream().flatMap(List::stream).anyMatch(asTheyAre::contains);
        return isNoneLeft ? ofSizes : Optional.of(byNumber(withSmaller(asTheyAre, packs, limits)));
    }

    /** Compression rewrites a pack, so all smaller ones join it. */
    private static List<ListedPack> withSmaller(List<ListedPack> asTheyAre, List<ListedPack> packs, Limits limits) {
        ListedPack largest = Collections.max(asTheyAre, BY_SIZE);
        List<ListedPack> fit = asFit(packs.stream().filter(pack -> BY_SIZE.compare(pack, largest) <= 0).toList(), limits);
        return fit.stream().anyMatch(asTheyAre::contains) ? fit : asFit(asTheyAre, limits);
    }

    /** Whether few more packs of a window are expected. */
    static boolean isOver(Window window, long nowMillis, Limits limits) {
        return isOver(window.endMillis(), nowMillis, limits.settleMillis());
    }

    private static boolean isOver(long endMillis, long nowMillis, long settleMillis) {
        return endMillis + settleMillis <= nowMillis;
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

    /** The smallest packs, up to the limits of one merge and of one pack. */
    private static List<ListedPack> asFit(List<ListedPack> packs, Limits limits) {
        List<ListedPack> fit = new ArrayList<>();
        long segments = 0;
        long tableBytes = 0;
        for (ListedPack pack : packs.stream().sorted(BY_SIZE).limit(limits.maxPacks()).toList()) {
            segments += pack.segments();
            tableBytes += limits.tableBytes().applyAsLong(pack);
            if ((segments > limits.maxSegments() || tableBytes > MAX_TABLE_BYTES) && !fit.isEmpty()) {
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
