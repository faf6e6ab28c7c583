package dev.streamwal;
public final class PositionMismatchException extends dev.streamwal.error.WalException {
    private static final long serialVersionUID = 1L;
    public PositionMismatchException(String m, String key, long position) { super(m, null, key, position); }
}
