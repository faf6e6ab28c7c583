package dev.streamwal.format;

/** Bytes that don't follow the format. A caller that knows the file turns this into an exception that names the file. */
public final class FormatException extends Exception {

    private static final long serialVersionUID = 1L;

    /** Empty if the bytes are damaged. */
    private final String advice;

    private FormatException(String message, String advice) {
        super(message);
        this.advice = advice;
    }

    /** Bytes that no version of this format writes. */
    public static FormatException corrupt(String message) {
        return new FormatException(message, "");
    }

    /** The exception that {@link #check} throws, for a fault whose text is made only if it is needed. */
    public static FormatException corrupt(String fault, long actual) {
        return corrupt(fault + ": actual=" + actual);
    }

    /** @throws FormatException with the fault and the actual value, if the fact is false */
    public static void check(boolean fact, String fault, long actual) throws FormatException {
        if (!fact) {
            throw corrupt(fault, actual);
        }
    }

    /**
     * Bytes that a newer version, or another program, may have written.
     *
     * @param advice what to do about it
     */
    public static FormatException unsupported(String message, String advice) {
        return new FormatException(message, advice);
    }

    /** Whether the bytes may be sound, and this version too old to know. */
    public boolean isUnsupported() {
        return !advice.isEmpty();
    }

    /**
     * The message for people: what is wrong, where, and, if the bytes may be sound, what to do.
     *
     * @param place the file and the place in it, as {@code name=value}, separated by commas
     */
    public String at(String place) {
        return getMessage() + ", " + place + (advice.isEmpty() ? "" : "; " + advice);
    }
}
