package dev.streamwal.io;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** How many files this process may have open at once. */
public final class OpenFileLimit {

    /** Behind it come the soft limit, which applies, the hard one and the unit. Parsed without a regular expression: the first one in a process takes 5 ms. */
    private static final String NAME = "Max open files ";

    private static final int MAX_DIGITS = 18;

    /** Read once: a JVM raises its limit when it starts, and leaves it so. */
    private static final class Known {
        static final OptionalLong LIMIT = read();
    }

    private OpenFileLimit() {}

    /** Empty if there is no limit, or the system doesn't say (it isn't Linux, or hides {@code /proc}). */
    public static OptionalLong ofThisProcess() {
        return Known.LIMIT;
    }

    private static OptionalLong read() {
        try {
            Path file = FileSystems.getDefault().getPath("/proc/self/limits");
            return parse(Uninterrupted.run(() -> Files.readString(file)));
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }

    /** @param limits as in {@code /proc/self/limits} */
    static OptionalLong parse(String limits) {
        int name = limits.indexOf(NAME);
        if (name < 0) {
            return OptionalLong.empty();
        }
        String soft = limits.substring(name + NAME.length()).stripLeading();
        int digits = 0;
        while (digits < soft.length() && soft.charAt(digits) >= '0' && soft.charAt(digits) <= '9') {
            digits++;
        }
        return digits == 0 || digits > MAX_DIGITS ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(soft.substring(0, digits)));
    }
}
