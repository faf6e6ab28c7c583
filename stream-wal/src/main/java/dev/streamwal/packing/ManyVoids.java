package dev.streamwal.packing;

import dev.streamwal.manifest.Manifest;
import java.util.Collection;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;

/**
 * Keeps the list of deletions and cuts in packs short, for which there is a limit: one goes when no pack has anything of it. Mostly packs are merged, written
 * anew or expire in time. Where that leaves many, each pack that has anything of them is written anew, once; and again when there are many more than
 * were left then: so a deletion costs no more than its share of that. Pure. For one thread at a time.
 */
final class ManyVoids {

    /** A fourth of what there is room for: more may come while packs are written anew. */
    static final int MANY = 1 << 18;

    /** With fewer, the list is short. */
    private static final int MIN_TO_LOOK = 1 << 12;

    /** Passes for which a pack is asked for before another one is. */
    private static final int MAX_LOOKS = 16;

    private final int many;
    /** With so many, those that concern nothing any more are looked for, and packs are written anew. */
    private int nextLook = MIN_TO_LOOK;
    private int nextRewriting;
    /** Numbers of packs that are still to be written anew. */
    private final TreeSet<Long> left = new TreeSet<>();
    /** Whether any was written since those ranges were looked for that concern nothing any more. */
    private boolean isAnyWritten;
    /** The pack in the tier that was asked for last, and how often. */
    private long asked = -1;
    private int looksForAsked;

    ManyVoids(int many) {
        this.many = many;
        this.nextRewriting = many;
    }

    /**
     * Decides which packs are to be written anew.
     *
     * @param voids how many deletions and cuts there are
     * @param packs numbers of those that are listed
     * @param withVoids numbers of those that have something of them
     * @param inTier numbers of those that are in the tier: they keep no others, as they may never come
     */
    void decide(int voids, Collection<Long> packs, Collection<Long> withVoids, Set<Long> inTier) {
        if (!isAnyLeft(inTier) && voids >= nextRewriting) {
            left.addAll(withVoids);
            nextRewriting = more(voids);
        }
        left.retainAll(packs);
    }

    private boolean isAnyLeft(Set<Long> inTier) {
        return !inTier.containsAll(left);
    }

    /** Whether a pack is to be written anew, however little of it doesn't count. */
    boolean isToBeWritten(long number) {
        return left.contains(number);
    }

    /** That was tried: one that can't be read keeps no other. */
    void tried(long number) {
        boolean unused = left.remove(number);
    }

    /** One was written anew. */
    void written() {
        isAnyWritten = true;
    }

    /** The pack that is to be fetched from the tier, so that it can be written anew. One that doesn't come for long keeps no other. */
    OptionalLong toFetch(Set<Long> inTier) {
        TreeSet<Long> there = new TreeSet<>(left);
        there.retainAll(inTier);
        if (there.isEmpty()) {
            return OptionalLong.empty();
        }
        if (!there.contains(asked) || ++looksForAsked > MAX_LOOKS) {
            Long next = there.higher(asked);
            asked = next == null ? there.first() : next;
            looksForAsked = 0;
        }
        return OptionalLong.of(asked);
    }

    /** Whether this is the pack that was asked for last. */
    boolean isAsked(long number) {
        return asked == number;
    }

    /**
     * Whether those that concern nothing any more are to be looked for: when all packs that are here were written anew, or there are twice as many as were left
     * before, so that it costs little for each.
     */
    boolean isToLook(int voids, Set<Long> inTier) {
        return voids >= nextLook || (isAnyWritten && !isAnyLeft(inTier));
    }

    /** Whether anything can be tried to have fewer. */
    boolean mayHelp(int voids) {
        return !left.isEmpty() || voids >= nextRewriting || voids >= nextLook;
    }

    /** @param voids how many were left */
    void looked(int voids) {
        isAnyWritten = false;
        nextLook = Math.max(MIN_TO_LOOK, 2 * voids);
        nextRewriting = more(voids);
    }

    /** Half as many again; where that is more than there may be, the middle between, so that there is always another attempt. */
    private int more(int voids) {
        return Math.max(many, Math.min(voids + voids / 2, (voids + Manifest.MAX_VOID_RANGES) / 2));
    }
}
