package dev.streamwal.nanowal;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.format.NanoWalPosition;
import dev.streamwal.walk.TailWalk;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Walks the records of a prefix in order, while its files are written and deleted. One thread; close it.
 *
 * <p>A file that another one follows is no longer written to. So bytes at its end that are no record are damage, and the walk continues with the next
 * file. In the newest file an incomplete record is being written: the walk has come to the end, for now. Other damage there is reported once, and the
 * walk continues where the file ended at that time.
 */
public final class NanoWalForward extends NanoWalWalk implements TailWalk {

    private static final int UNKNOWN = -1;

    private @Nullable NanoWalFile entering;
    private long enteringOffset;
    /** Files with a lower ordinal have been walked. */
    private int nextOrdinal;
    /** The first ordinal whose file is reported if it is gone. */
    private int expected = UNKNOWN;

    /** Whether the file was known not to be the newest before the scan looked for its end. */
    private boolean finished;
    private long searchedOffset = UNKNOWN;
    private long searchedBytes;

    private NanoWalForward(NanoWalDirectory source, String key, int nextOrdinal) {
        super(source, key);
        this.nextOrdinal = nextOrdinal;
    }

    /** A walk from the first existing record at or behind the position, which is a file's beginning. */
    public static NanoWalForward from(NanoWalDirectory source, String key, long position) {
        NanoWalForward walk = new NanoWalForward(source, key, NanoWalPosition.ordinal(position));
        walk.resume = position;
        return walk;
    }

    /** A walk that never finds a record. */
    public static NanoWalForward nowhere(NanoWalDirectory source, String key, long position) {
        NanoWalForward walk = new NanoWalForward(source, key, NanoWalPosition.MAX_ORDINAL + 1);
        walk.resume = position;
        return walk;
    }

    /** A walk from a record of a file, or from the end of the file's data. */
    public static NanoWalForward from(NanoWalDirectory source, NanoWalFile file, long offset) {
        NanoWalForward walk = new NanoWalForward(source, file.key(), file.ordinal());
        walk.entering = file;
        walk.enteringOffset = offset;
        walk.resume = file.position(offset);
        return walk;
    }

    /** For continuing an earlier walk: reports records that were deleted since. */
    public NanoWalForward tellingGaps() {
        expected = nextOrdinal;
        return this;
    }

    @Override
    boolean step() throws IOException {
        wake();
        while (isInFile() || enterNext()) {
            NanoWalScan scan = scan();
            if (scan.next()) {
                load();
                resume = file().position(scan.nextOffset());
                return true;
            }
            if (scan.stop() == NanoWalScan.Stop.TOO_LONG) {
                scan.skip();
                resume = file().position(scan.nextOffset());
                throw NanoWalFailures.tooLong(file(), scan);
            }
            if (!passStop()) {
                return false;
            }
        }
        return false;
    }

    // ---- from file to file

    private boolean enterNext() throws IOException {
        NanoWalFile next = entering != null ? entering : following();
        if (next == null) {
            return false;
        }
        if (expected != UNKNOWN && next.ordinal() > expected) {
            throw missed(expected, null);
        }
        NanoWalFile.Header header;
        try {
            header = enter(next);
        } catch (NoSuchFileException e) {
            throw missed(next.ordinal(), e);
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            goOnWith(next.ordinal() + 1);
            throw e;
        }
        if (entering != null) {
            scan().seek(enteringOffset);
            entering = null;
        }
        nextOrdinal = next.ordinal() + 1;
        expected = nextOrdinal;
        finished = false;
        resume = Math.max(resume, NanoWalPosition.base(next.ordinal()));
        if (header == NanoWalFile.Header.OTHER_EXPIRATION) {
            throw NanoWalFailures.otherExpiration(next);
        }
        return true;
    }

    private @Nullable NanoWalFile following() throws IOException {
        NanoWalFile known = source.chain(key).after(nextOrdinal - 1);
        return known != null ? known : source.freshChain(key).after(nextOrdinal - 1);
    }

    /** For a file with this ordinal that is gone, and of which nothing was read. */
    private EntryExpiredException missed(int ordinal, @Nullable NoSuchFileException e) throws IOException {
        long from = Math.max(resume, NanoWalPosition.base(ordinal));
        NanoWalFile gone = file;
        NanoWalFile left = source.freshChain(key).after(ordinal);
        goOnWith(left == null ? ordinal + 1 : left.ordinal());
        return NanoWalFailures.expired(key, from, resume, e == null || gone == null ? null : gone.path(), e);
    }

    private void goOnWith(int ordinal) {
        leave();
        entering = null;
        nextOrdinal = ordinal;
        expected = ordinal;
        resume = NanoWalPosition.base(ordinal);
    }

    // ---- where a file's scan has stopped

    /** Whether the walk can go on now. */
    private boolean passStop() throws IOException {
        boolean isNewest = following() == null;
        if (!isNewest && !finished) {
            // records may have been written between the look at the file's end and the look for a newer file
            finished = true;
            return true;
        }
        NanoWalScan scan = scan();
        boolean isFollowed = isNewest && scan.stop() == NanoWalScan.Stop.CUT && isFollowed();
        NanoWalIndex.End end = new NanoWalIndex.End(scan.offset(), scan.stop(), isFollowed, scan.fileBytes(), UNKNOWN, 0);
        NanoWalFile current = file();
        boolean isDamaged = end.isDamaged(isNewest);
        boolean isDeleted = isNewest && source.chain(key).at(NanoWalPosition.base(current.ordinal())).isEmpty();
        if (!isNewest || (isDeleted && !isDamaged)) {
            leave();
        } else if (isDamaged) {
            scan.seek(end.fileBytes());
            resume = current.position(end.fileBytes());
        }
        if (isDamaged) {
            resume = isNewest ? resume : NanoWalPosition.base(current.ordinal() + 1);
            throw NanoWalFailures.damaged(current, end);
        }
        return !isNewest;
    }

    /** Searches again only when the file has grown. */
    private boolean isFollowed() throws IOException {
        NanoWalScan scan = scan();
        if (scan.offset() == searchedOffset && scan.fileBytes() == searchedBytes) {
            return false;
        }
        searchedOffset = scan.offset();
        searchedBytes = scan.fileBytes();
        return scan.isFollowed();
    }

    // ---- waiting

    /**
     * Whether a record may have come since {@link #next()} returned false. True may be wrong; false is right, because an append makes the file grow,
     * and a new file changes the directory.
     */
    @Override
    public boolean mayHaveMore() {
        checkUsable();
        try {
            return (isInFile() && bytes().size() != knownBytes()) || following() != null;
        } catch (IOException e) {
            throw source.failure("looking for more", e, source.path(), key, resume);
        }
    }

    /** No record has come for a while: releases memory until one comes. */
    @Override
    public void settle() {
        rest();
    }

    /** By key, the position where a later walk continues. */
    @Override
    public Map<String, Long> positions() {
        return Map.of(key, nextPosition());
    }
}
