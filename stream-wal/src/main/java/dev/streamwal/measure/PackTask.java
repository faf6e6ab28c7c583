package dev.streamwal.measure;

import java.util.Locale;

/** What a pack is made of. */
public enum PackTask {
    /** Small segments of single streams. */
    OWN,
    /** Shared segments. */
    SHARED,
    /** Other packs. */
    MERGE;

    private final String tag = name().toLowerCase(Locale.ROOT);

    /** As metrics and events name it. */
    public String tag() {
        return tag;
    }
}
