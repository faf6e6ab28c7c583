package dev.streamwal.format;

/** Bytes that don't follow the format. A caller that knows the file turns this into an exception that names the file. */
public final class FormatException extends Exception {

    private static final long serialVersionUID = 1L;

    private final boolean unsupported;

    private FormatException(String message, boolean unsupported) {
        super(message);
        this.unsupported = unsupported;
    }

    /** Bytes that no version of this format writes. */
    public static FormatException corrupt(String message) {
        return new FormatException(message, false);
    }

    /** Bytes that a newer version, or another program, may have written. */
    public static FormatException unsupported(String message) {
        return new FormatException(message, true);
    }

    /** Whether the bytes may be sound, and this version too old to know. */
    public boolean isUnsupported() {
        return unsupported;
    }
}
