package dev.streamwal.measure;

import java.util.Locale;

/** How metrics and events name the constants of an enum. */
public final class Tag {

    private Tag() {}

    public static String of(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
