package dev.streamwal.backup;

/**
 * How much a backup has copied, and how much the folder had already. Immutable and thread-safe.
 *
 * @since 1.0
 */
public final class BackupReport {

    private final BackupPoint point;
    private final int copiedFiles;
    private final long copiedBytes;
    private final int repairedFiles;

    BackupReport(BackupPoint point, int copiedFiles, long copiedBytes, int repairedFiles) {
        this.point = point;
        this.copiedFiles = copiedFiles;
        this.copiedBytes = copiedBytes;
        this.repairedFiles = repairedFiles;
    }

    /** {@return the new point} */
    public BackupPoint point() {
        return point;
    }

    /** {@return how many files were copied, including those that were repaired} */
    public int copiedFiles() {
        return copiedFiles;
    }

    /** {@return the size of the copied files together, in bytes} */
    public long copiedBytes() {
        return copiedBytes;
    }

    /** {@return how many of the log's files were in the folder already} */
    public int presentFiles() {
        return point.files() - copiedFiles;
    }

    /** {@return the size of the files that were in the folder already, together, in bytes} */
    public long presentBytes() {
        return point.bytes() - copiedBytes;
    }

    /** {@return how many files were in the folder already, but damaged, and were copied again} */
    public int repairedFiles() {
        return repairedFiles;
    }

    @Override
    public String toString() {
        return "point=" + point + ", copiedFiles=" + copiedFiles + ", copiedBytes=" + copiedBytes + ", presentFiles=" + presentFiles() + ", presentBytes="
                + presentBytes() + ", repairedFiles=" + repairedFiles;
    }
}
