package dev.streamwal.retention;

import dev.streamwal.format.KeyScope;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;

/**
 * The current options' retention of streams, if it is shorter than the retention that their segments were begun with. Pure.
 *
 * @param shortestMillis of all streams
 * @param longestMillis of all streams
 * @param millis by key
 * @param scopes the streams to which it is applied; segments of others expire at their own expirations
 */
public record PresentRetention(long shortestMillis, long longestMillis, ToLongFunction<String> millis, List<KeyScope> scopes) {

    /** Selections of streams to which it is applied: each is asked about each stream, at each sweep. */
    public static final int MAX_SCOPES = 16;

    /** The retention that a segment was begun with applies. */
    private static final long AS_BEGUN = Long.MAX_VALUE;

    /** Applied to no stream yet. */
    public PresentRetention(long shortestMillis, long longestMillis, ToLongFunction<String> millis) {
        this(shortestMillis, longestMillis, millis, List.of());
    }

    /** Applied to more streams: to these, and to those of the last selections before. */
    public PresentRetention appliedTo(KeyScope scope) {
        if (isAppliedToAll() || scope.equals(KeyScope.all())) {
            return new PresentRetention(shortestMillis, longestMillis, millis, List.of(KeyScope.all()));
        }
        List<KeyScope> more = new ArrayList<>(scopes);
        more.remove(scope);
        more.add(scope);
        return new PresentRetention(shortestMillis, longestMillis, millis, List.copyOf(more.subList(Math.max(0, more.size() - MAX_SCOPES), more.size())));
    }

    private boolean isAppliedToAll() {
        return scopes.contains(KeyScope.all());
    }

    private long millisOf(String key) {
        return scopes.stream().anyMatch(scope -> scope.contains(key)) ? millis.applyAsLong(key) : AS_BEGUN;
    }

    /** Whether any segment may expire before its own expiration. */
    public boolean shortensAny() {
        return !scopes.isEmpty();
    }

    /** The stream's own segments, with their current expirations. */
    public ExpiryPlan.Stream of(ExpiryPlan.Stream stream) {
        return shortensAny() ? of(stream, millisOf(stream.key())) : stream;
    }

    /** Packs with their current expirations: each is due when any stream's part of it is due. */
    public ExpiryPlan.Stream ofPacks(ExpiryPlan.Stream packs) {
        return shortensAny() ? of(packs, shortestMillis) : packs;
    }

    /** Packs with the latest times at which a stream's part of them is due. */
    public ExpiryPlan.Stream latestOfPacks(ExpiryPlan.Stream packs) {
        return isAppliedToAll() ? of(packs, longestMillis) : packs;
    }

    private static ExpiryPlan.Stream of(ExpiryPlan.Stream stream, long retentionMillis) {
        List<ExpiryPlan.Segment> segments = stream.segments().stream().map(segment -> of(segment, retentionMillis)).toList();
        return new ExpiryPlan.Stream(stream.key(), stream.maxBytes(), segments);
    }

    private static ExpiryPlan.Segment of(ExpiryPlan.Segment segment, long retentionMillis) {
        long expiration = retentionMillis == AS_BEGUN ? AS_BEGUN : KnownTime.plus(segment.windowEndMillis(), retentionMillis);
        return expiration < segment.expirationMillis() ? segment.withExpiration(expiration) : segment;
    }

    /** A stream's segment in a pack, with its current expiration. */
    public HeldBack.Due of(HeldBack.Due inPack) {
        if (!shortensAny()) {
            return inPack;
        }
        ExpiryPlan.Deletion deletion = inPack.deletion();
        return inPack.with(of(deletion.segment(), millisOf(deletion.key())));
    }
}
