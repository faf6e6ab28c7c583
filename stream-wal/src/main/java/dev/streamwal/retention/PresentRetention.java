package dev.streamwal.retention;

import java.util.List;
import java.util.function.ToLongFunction;

/**
 * The current options' retention of streams, where it is shorter than the retention that their segments were begun with. Pure.
 *
 * @param shortestMillis of all these streams
 * @param millis by key; {@link #AS_BEGUN} for other streams
 */
public record PresentRetention(long shortestMillis, ToLongFunction<String> millis) {

    /** The retention that a segment was begun with applies. */
    public static final long AS_BEGUN = Long.MAX_VALUE;

    /** Segments expire at their own expirations. */
    public static final PresentRetention NONE = new PresentRetention(AS_BEGUN, key -> AS_BEGUN);

    /** Whether any segment may expire before its own expiration. */
    public boolean shortensAny() {
        return shortestMillis != AS_BEGUN;
    }

    /** The stream's own segments, with their current expirations. */
    public ExpiryPlan.Stream of(ExpiryPlan.Stream stream) {
        return of(stream, millis.applyAsLong(stream.key()));
    }

    /** Packs with their current expirations: each is due when any stream's part of it is due. */
    public ExpiryPlan.Stream ofPacks(ExpiryPlan.Stream packs) {
        return of(packs, shortestMillis);
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
        ExpiryPlan.Segment segment = of(deletion.segment(), millis.applyAsLong(deletion.key()));
        return new HeldBack.Due(new ExpiryPlan.Deletion(deletion.key(), segment, deletion.cause()), inPack.endPosition());
    }
}
