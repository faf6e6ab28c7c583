package dev.streamwal.simulation;

/**
 * Something that was done to a disk. Its number is its place in the history, from 1.
 *
 * @param path of the file or directory
 * @param other where it went, of a rename or a link; else empty
 * @param offset of a write; the length, of a truncation
 * @param bytes of a write
 * @param outcome empty where it was done as asked
 */
record Operation(Call call, String path, String other, long offset, long bytes, String outcome) {

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(call.name()).append(' ').append(path);
        if (!other.isEmpty()) {
            text.append(" -> ").append(other);
        }
        switch (call) {
            case WRITE -> text.append(' ').append(offset).append('+').append(bytes);
            case TRUNCATE -> text.append(" to ").append(offset);
            case STORE -> text.append(" sectors ").append(bytes);
            default -> {}
        }
        return outcome.isEmpty() ? text.toString() : text.append(" (").append(outcome).append(')').toString();
    }
}
