package dev.streamwal.io;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How many files this process may have open at once. */
public final class OpenFileLimit {

    /** Name, soft limit (which applies), hard limit, unit. */
    private static final Pattern LINE = Pattern.compile("(?m)^Max open files +([0-9]{1,18}) ");

    private OpenFileLimit() {}

    /** Empty where there is no limit, or the system doesn't say (it isn't Linux, or hides {@code /proc}). */
    public static OptionalLong ofThisProcess() {
        try {
            Path file = FileSystems.getDefault().getPath("/proc/self/limits");
            return parse(Uninterrupted.run(() -> Files.readString(file)));
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }

    /** @param limits as in {@code /proc/self/limits} */
    static OptionalLong parse(String limits) {
        Matcher line = LINE.matcher(limits);
        return line.find() ? OptionalLong.of(Long.parseLong(line.group(1))) : OptionalLong.empty();
    }
}
