package dev.streamwal.simulation;

import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * What a disk says it has made durable and hasn't: to show that whoever checks crash states notices. Files are given by patterns that are
 * found in their paths.
 *
 * @param ignored forces of these files do nothing
 * @param ignoresDirectories forces of directories do nothing
 * @param late a force of these files takes effect at the next operation but one
 * @param held a force of these files takes effect behind the next deletion of a file
 */
public record Lies(Predicate<String> ignored, boolean ignoresDirectories, Predicate<String> late, Predicate<String> held) {

    private static final Predicate<String> NEVER = path -> false;

    public static final Lies NONE = new Lies(NEVER, false, NEVER, NEVER);

    public static Lies ignoringForcesOf(String pattern) {
        return new Lies(Pattern.compile(pattern).asPredicate(), false, NEVER, NEVER);
    }

    public static Lies ignoringForcesOfDirectories() {
        return new Lies(NEVER, true, NEVER, NEVER);
    }

    public static Lies forcingLate(String pattern) {
        return new Lies(NEVER, false, Pattern.compile(pattern).asPredicate(), NEVER);
    }

    public static Lies holdingForcesBackBehindADeletion(String pattern) {
        return new Lies(NEVER, false, NEVER, Pattern.compile(pattern).asPredicate());
    }
}
