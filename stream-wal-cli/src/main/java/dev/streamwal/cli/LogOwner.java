package dev.streamwal.cli;

import dev.streamwal.format.PositionsLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The user that a log belongs to: whose program writes it. */
final class LogOwner {

    private static final int SUPERUSER = 0;

    private LogOwner() {}

    /**
     * Refuses to write another user's log as the superuser, who may: the files that it would make there, that user's program couldn't write to, and so
     * couldn't open its log any more. Other users are stopped by the system, or have been allowed to. Where the file system gives all files to one user, as
     * some of the network do, nothing is refused.
     *
     * @throws UsageException that says who should do it
     */
    static void check(Path root) {
        int user = userOf(root.getFileSystem().getPath("/proc/self"));
        int owner = userOf(root.resolve(PositionsLayout.FILE_NAME));
        if (user == SUPERUSER && owner > SUPERUSER && ownerOfNewFile(root) != owner) {
            throw new UsageException("the log belongs to another user, whose program couldn't write to the files that this command makes: owner=" + owner
                    + ", user=" + user + ", root=" + root + "; run the command as that user");
        }
    }

    private static int ownerOfNewFile(Path root) {
        try {
            Path made = Files.createTempFile(root, ".owner", null);
            try {
                return userOf(made);
            } finally {
                Files.delete(made);
            }
        } catch (IOException e) {
            return -1;
        }
    }

    /** The number of the user that a file belongs to; negative if there is no such file, or its file system has no such numbers. */
    private static int userOf(Path file) {
        try {
            return Files.getAttribute(file, "unix:uid") instanceof Integer uid ? uid : -1;
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            return -1;
        }
    }
}
