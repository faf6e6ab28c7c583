package dev.streamwal.retention;

import java.util.List;
import java.util.function.ToLongFunction;

/**
 * How long streams are kept by the options of today, where that is shorter than what their segments were begun with. Pure.
 *
 * @param shortestMillis of all streams that it is for
 * @param isOfAll whether it is the same for all streams of the log
 * @param millis by key; {@link #AS_BEGUN} of those that it isn't for
 */
public record PresentRetention(long shortestMillis, boolean isOfAll, ToLongFunction<String> millis) {

    /** What a segment was begun with is what holds. */
    public static final long AS_BEGUN = Long.MAX_VALUE;

    /** Segments expire when they say. */
    public static final PresentRetention NONE = new PresentRetention(AS_BEGUN, true, key -> AS_BEGUN);

    /** Whether any segment may expire earlier than it says. */
    public boolean shortensAny() {
        return shortestMillis != AS_BEGUN;
    }

    /** What a stream has in segments of its own. */
    public ExpiryPlan.Stream of(ExpiryPlan.Stream stream) {
        return of(stream, millis.applyAsLong(stream.key()));
    }

    /** Packs, of which each is due where any stream has something in it that is. */
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

    /** What a stream has in a pack. */
    public HeldBack.Due of(HeldBack.Due inPack) {
        ExpiryPlan.Deletion deletion = inPack.deletion();
        ExpiryPlan.Segment segment = of(deletion.segment(), millis.applyAsLong(deletion.key()));
        return new HeldBack.Due(new ExpiryPlan.Deletion(deletion.key(), segment, deletion.cause()), inPack.endPosition());
    }
}
