package dev.streamwal.reader;

import dev.streamwal.lookup.ScanBegin;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Where following a stream begins: at the first record, after the last one, at a position, or at a time. Immutable and thread-safe. Two are equal
 * if made by the same method from the same position or time.
 *
 * @see WalReader#follow(String, ReadFrom)
 * @since 1.0
 */
public final class ReadFrom {

    private static final ReadFrom FIRST = new ReadFrom(new ScanBegin.Oldest(), "first()");
    private static final ReadFrom END = new ReadFrom(new ScanBegin.End(), "end()");

    private final ScanBegin begin;
    private final String text;

    private ReadFrom(ScanBegin begin, String text) {
        this.begin = begin;
        this.text = text;
    }

    /**
     * The oldest record. Deleted records before it are not reported.
     *
     * @return the same at every call
     */
    public static ReadFrom first() {
        return FIRST;
    }

    /**
     * After the last record, so that only later appends are delivered. In another process than the writer's, that is after the last record visible
     * now.
     *
     * @return the same at every call
     */
    public static ReadFrom end() {
        return END;
    }

    /**
     * A position that a reader has reached. Deleted records from there on are reported, also if the position is 0.
     *
     * @param position in the stream, as {@link EntryRef#position()}, {@link EntryRef#end()}, {@link EntryCursor#nextPosition()} and
     *     {@link EntryTail#positions()} give it
     * @return this position
     * @throws IllegalArgumentException if the position is negative
     */
    public static ReadFrom position(long position) {
        WalReader.checkPosition(position);
        return new ReadFrom(new ScanBegin.At(position), "position(" + position + ")");
    }

    /**
     * A position for each of several streams, as {@link EntryTail#positions()} gives them.
     *
     * @param positions by key
     * @return by key, a map of the caller's own
     * @throws IllegalArgumentException if a position is negative
     */
    public static Map<String, ReadFrom> positions(Map<String, Long> positions) {
        Map<String, ReadFrom> from = new HashMap<>();
        Objects.requireNonNull(positions, "positions").forEach((key, position) -> from.put(key, position(position)));
        return from;
    }

    /**
     * The first record, in order of position, whose timestamp is at or after a time; records after it may be older, if they came late. If there is no
     * such record yet, following begins with the next append, whatever its timestamp. Finding the record takes as many reads as
     * {@link WalReader#scan(String, Instant, Instant)} from that time takes to its first record. Damage before it is skipped.
     *
     * @param instant the time
     * @return this time
     */
    public static ReadFrom time(Instant instant) {
        return new ReadFrom(new ScanBegin.Time(Objects.requireNonNull(instant, "instant")), "time(" + instant + ")");
    }

    ScanBegin begin() {
        return begin;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ReadFrom from && from.begin.equals(begin);
    }

    @Override
    public int hashCode() {
        return begin.hashCode();
    }

    /** The call that makes it: {@code position(40)}. */
    @Override
    public String toString() {
        return text;
    }
}
