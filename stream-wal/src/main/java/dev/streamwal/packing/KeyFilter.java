package dev.streamwal.packing;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.format.StreamKey;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A set of keys that seems to have a few keys more than were added. A key is looked up without reading a file, and "no" is certain. It is a Bloom
 * filter (Space/time trade-offs in hash coding with allowable errors, 1970), which grows by further filters, each twice as large (Almeida and others,
 * Scalable Bloom filters, 2007), up to a limit of memory; beyond that more and more keys seem to be there.
 *
 * <p>No key can be taken out. So now and then the filter is {@linkplain #renew made anew} from the keys that are still meant. Then it is as large as
 * these need, however many others it had before.
 *
 * <p>Thread-safe: a look finds each key whose addition happened before it, in the sense of Java's memory model.
 */
final class KeyFilter {

    private static final int FIRST_BITS = 1 << 20;
    /** 32 MB, and room for 16 million keys. */
    private static final int MAX_FILTERS = 8;
    /** With sixteen bits a key, and eleven of them set, one of 2,000 other keys seems to be in a full filter. */
    private static final int BITS_A_KEY = 16;
    private static final int BITS_SET = 11;

    private static final long FNV_BEGIN = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;

    /** The newest last; bits are only ever set. */
    private volatile long[][] filters = {};

    /** How many keys the newest has room for. */
    @GuardedBy("this")
    private int left;

    /** How many keys were added, as far as can be told, and how many there were when it was made anew. */
    @GuardedBy("this")
    private long keys;

    @GuardedBy("this")
    private long keysBefore;

    /** The filter that is to take the place of this one; null if none is being made. */
    @GuardedBy("this")
    private @Nullable KeyFilter renewal;

    /** Whether enough keys have come, since the filter was made anew, that it is worth making it anew again. */
    synchronized boolean isWorthRenewing() {
        return keys >= Math.max(FIRST_BITS / BITS_A_KEY, 2 * keysBefore);
    }

    /**
     * Begins to make the filter anew. The caller adds to the new filter each earlier key that is still meant, and then calls {@link #renewed}. Until
     * then, keys that are added to this filter are added to the new one, too. One renewal at a time.
     */
    synchronized KeyFilter renew() {
        KeyFilter begun = new KeyFilter();
        renewal = begun;
        return begun;
    }

    /** @param isWhole whether the new filter has all keys that are meant, and takes the place of this one; otherwise this one stays as it is */
    synchronized void renewed(boolean isWhole) {
        KeyFilter by = renewal;
        renewal = null;
        if (isWhole && by != null) {
            by.moveTo(this);
            keysBefore = keys;
        }
    }

    private synchronized void moveTo(KeyFilter other) {
        other.takeOver(filters, left, keys);
    }

    private synchronized void takeOver(long[][] newFilters, int newLeft, long newKeys) {
        left = newLeft;
        keys = newKeys;
        filters = newFilters;
    }

    synchronized void add(StreamKey key) {
        KeyFilter next = renewal;
        if (next != null) {
            next.add(key);
        }
        long hash = hash(key.utf8());
        long[][] now = filters;
        if (mayHave(now, hash)) {
            return;
        }
        if (left == 0 && now.length < MAX_FILTERS) {
            int bits = FIRST_BITS << now.length;
            now = Arrays.copyOf(now, now.length + 1);
            now[now.length - 1] = new long[bits / Long.SIZE];
            left = bits / BITS_A_KEY;
            filters = now;
        }
        keys++;
        left = Math.max(0, left - 1);
        long[] newest = now[now.length - 1];
        for (int i = 0; i < BITS_SET; i++) {
            int bit = bit(hash, i, newest);
            newest[bit / Long.SIZE] |= 1L << bit;
        }
    }

    /** False for a key that wasn't added. */
    boolean mayHave(StreamKey key) {
        long[][] now = filters;
        return now.length > 0 && mayHave(now, hash(key.utf8()));
    }

    private static boolean mayHave(long[][] filters, long hash) {
        for (long[] filter : filters) {
            int set = 0;
            while (set < BITS_SET) {
                int bit = bit(hash, set, filter);
                if ((filter[bit / Long.SIZE] & (1L << bit)) == 0) {
                    break;
                }
                set++;
            }
            if (set == BITS_SET) {
                return true;
            }
        }
        return false;
    }

    /** How much memory it takes. */
    long bytes() {
        return Arrays.stream(filters).mapToLong(filter -> (long) filter.length * Long.BYTES).sum();
    }

    /** All bits from two halves of one hash, after Kirsch and Mitzenmacher, Less hashing, same performance, 2006. */
    private static int bit(long hash, int number, long[] filter) {
        int sum = (int) hash + number * ((int) (hash >>> Integer.SIZE) | 1);
        return sum & (filter.length * Long.SIZE - 1);
    }

    /** FNV-1a, mixed as MurmurHash3 ends. */
    private static long hash(byte[] bytes) {
        long hash = FNV_BEGIN;
        for (byte each : bytes) {
            hash = (hash ^ (each & 0xff)) * FNV_PRIME;
        }
        hash = (hash ^ (hash >>> 33)) * 0xff51afd7ed558ccdL;
        hash = (hash ^ (hash >>> 33)) * 0xc4ceb9fe1a85ec53L;
        return hash ^ (hash >>> 33);
    }
}
