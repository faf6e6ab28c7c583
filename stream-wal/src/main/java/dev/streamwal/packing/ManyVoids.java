package dev.streamwal.packing;

import dev.streamwal.manifest.Manifest;
import java.util.Collection;
import java.util.HashSet;
import java.util.OptionalLong;
import java.util.Set;

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

    private final int many;
    /** With so many, those that concern nothing any more are looked for, and packs are written anew. */
    private int nextLook = MIN_TO_LOOK;
    private int nextRewriting;
    /** Numbers of packs that are still to be written anew. */
    private final Set<Long> left = new HashSet<>();

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
     */
    void decide(int voids, Collection<Long> packs, Collection<Long> withVoids) {
        if (left.isEmpty() && voids >= nextRewriting) {
            left.addAll(withVoids);
            nextRewriting = more(voids);
        }
        left.retainAll(packs);
    }

    /** Whether a pack is to be written anew, however little of it doesn't count. */
    boolean isToBeWritten(long number) {
        return left.contains(number);
    }

    /** That was tried: one that can't be read keeps no other. */
    void tried(long number) {
        boolean unused = left.remove(number);
    }

    /** One that is to be written anew. */
    OptionalLong first() {
        return left.stream().mapToLong(Long::longValue).min();
    }

    /** Whether those that concern nothing any more are to be looked for. That is done again when there are twice as many, so it costs little for each. */
    boolean isToLook(int voids, boolean isAnyWritten) {
        return voids >= nextLook || isAnyWritten;
    }

    /** @param voids how many were left */
    void looked(int voids) {
        nextLook = Math.max(MIN_TO_LOOK, 2 * voids);
        nextRewriting = more(voids);
    }

    /** Half as many again; where that is more than there may be, the middle between, so that there is always another attempt. */
    private int more(int voids) {
        return Math.max(many, Math.min(voids + voids / 2, (voids + Manifest.MAX_VOID_RANGES) / 2));
    }
}
