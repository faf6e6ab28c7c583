package dev.streamwal.format;

import java.util.Optional;

/**
 * What the name of a nano-wal 1.0 file says: {@code <prefix>_<expiration, decimal epoch ms>.seg}. A prefix may have underscores itself:
 * the last one ends it.
 *
 * @param prefix a valid {@link StreamKey}
 * @param expirationMillis epoch ms from which on the file may be deleted, not negative
 */
public record NanoWalName(String prefix, long expirationMillis) implements Comparable<NanoWalName> {

    private static final String SUFFIX = ".seg";
    /** Replaces the bytes of a name that the file system's encoding can't decode. */
    private static final char REPLACEMENT = '\uFFFD';

    public String fileName() {
        return prefix + '_' + expirationMillis + SUFFIX;
    }

    /** Empty for every other name, and if the prefix can't be a stream's key: such files belong to another program. */
    public static Optional<NanoWalName> parse(String fileName) {
        int mark = fileName.lastIndexOf('_');
        int end = fileName.length() - SUFFIX.length();
        if (mark < 1 || end - mark < 2 || !fileName.endsWith(SUFFIX) || fileName.indexOf(REPLACEMENT) >= 0) {
            return Optional.empty();
        }
        try {
            StreamKey.check(fileName.substring(0, mark));
            NanoWalName name = new NanoWalName(fileName.substring(0, mark), Long.parseLong(fileName, mark + 1, end, 10));
            return name.expirationMillis >= 0 && name.fileName().equals(fileName) ? Optional.of(name) : Optional.empty();
        } catch (IllegalArgumentException notOurs) {
            return Optional.empty();
        }
    }

    @Override
    public int compareTo(NanoWalName other) {
        int byPrefix = prefix.compareTo(other.prefix);
        return byPrefix != 0 ? byPrefix : Long.compare(expirationMillis, other.expirationMillis);
    }
}
