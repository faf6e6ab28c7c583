package dev.streamwal.packing;

import dev.streamwal.manifest.Manifest;
import java.util.Collection;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;

/**
 * Keeps the list of deletions and cuts in packs short, because there is a limit for it. A deletion goes from the list when no pack has anything that it
 * covers. Mostly packs are merged, written anew or expire in time. If many deletions are left all the same, each pack that has anything of them is
 * written anew once, and again when there are many more deletions than were left then. So a deletion costs no more than its share of that. Pure. For
 * one thread at a time.
 */
final class ManyVoids {

    /** A fourth of what there is room for: more may come while packs are written anew. */
    static final int MANY = 1 << 18;

    /** With fewer, the list is short. */
    private static final int MIN_TO_LOOK = 1 << 12;

    /** Number of passes for which one pack in the tier is asked for, before another one is. */
    private static final int MAX_LOOKS = 16;

    private final int many;
    /** From so many deletions on, those that concern nothing any more are looked for; from {@link #nextRewriting} on, packs are written anew. */
    private int nextLook = MIN_TO_LOOK;
    private int nextRewriting;
    /** Numbers of packs that are still to be written anew. */
    private final TreeSet<Long> left = new TreeSet<>();
    /** Whether a pack was written without what deletions cover since the last look for deletions that concern nothing any more. */
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
     * @param packs numbers of the packs that are listed
     * @param withVoids numbers of the packs that have something of these deletions and cuts
     * @param inTier numbers of the packs in the tier: the others don't wait for these, because these may never be fetched
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

    /** A pack was tried. It isn't tried again in this round, so that a pack that can't be read doesn't hold up the others. */
    void tried(long number) {
        boolean unused = left.remove(number);
    }

    /** A pack was written without what deletions cover. */
    void written() {
        isAnyWritten = true;
    }

    /** The pack that is to be fetched from the tier, so that it can be written anew. If it doesn't come for long, another one is asked for. */
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
     * Whether deletions that concern nothing any more are to be looked for. They are when all packs that aren't in the tier were written anew, or when
     * there are twice as many deletions as the last look left, so that a look costs little for each of them.
     */
    boolean isToLook(int voids, Set<Long> inTier) {
        return voids >= nextLook || (isAnyWritten && !isAnyLeft(inTier));
    }

    /** Whether anything is left to try for having fewer deletions. */
    boolean mayHelp(int voids) {
        return !left.isEmpty() || voids >= nextRewriting || voids >= nextLook;
    }

    /** @param voids how many deletions were left */
    void looked(int voids) {
        isAnyWritten = false;
        nextLook = Math.max(MIN_TO_LOOK, 2 * voids);
        nextRewriting = more(voids);
    }

    /** Half as many again, but at most the middle between that many and the limit, so that there is always another attempt. */
    private int more(int voids) {
        return Math.max(many, Math.min(voids + voids / 2, (voids + Manifest.MAX_VOID_RANGES) / 2));
    }
}
