package dev.streamwal.nanowal;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.NanoWalPosition;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;

/**
 * Walks the records of a prefix backwards. A record leads only to the next one, so the walk goes forwards through one block of a file, between two
 * marks of the file's index, remembers where the records start, and delivers them from the last to the first. One thread; close it.
 */
public final class NanoWalBackward extends NanoWalWalk {

    private static final int FIRST_STARTS = 64;

    private final long from;
    private NanoWalChain chain;
    private int ordinal;

    /** Records below this offset in the file are still to come. */
    private long below;
    private long[] starts = new long[FIRST_STARTS];
    private int left;

    /** Walks the records that start before the position, in the files that are listed now. */
    public NanoWalBackward(NanoWalDirectory source, String key, long position) {
        super(source, key);
        this.from = position;
        this.resume = position;
        this.chain = source.chain(key);
        this.ordinal = (int) Math.min(NanoWalPosition.ordinal(position) + 1L, chain.nextOrdinal());
    }

    @Override
    boolean step() throws IOException {
        while (true) {
            if (left > 0) {
                NanoWalScan scan = scan();
                long start = starts[left - 1];
                scan.hold(starts[0], start);
                scan.seek(start);
                if (!scan.next()) {
                    throw new IOException("file was cut while it was read");
                }
                load();
                // not before: if this fails, the next call tries the same record again
                left--;
                resume = file().position(scan.offset());
                return true;
            }
            long mark = isInFile() ? file().index().markBelow(below) : -1;
            if (mark >= 0) {
                collectAll(mark);
            } else if (!enterPrevious()) {
                return false;
            }
        }
    }

    private boolean enterPrevious() throws IOException {
        leave();
        NanoWalFile previous = chain.before(ordinal);
        if (previous == null) {
            return false;
        }
        NanoWalFile.Header header;
        NanoWalIndex.End end;
        try {
            header = enter(previous);
            end = previous.index().extend(bytes(), source.settings().scanBufferBytes());
        } catch (NoSuchFileException e) {
            // the files before it are gone too
            long first = NanoWalPosition.base(chain.get(0).ordinal());
            long to = Math.min(from, NanoWalPosition.base(previous.ordinal() + 1));
            ordinal = 0;
            resume = first;
            throw NanoWalFailures.expired(key, first, to, previous.path(), e);
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            // the next call goes on with the file before it
            ordinal = previous.ordinal();
            leave();
            throw e;
        } catch (IOException e) {
            // the next call tries again
            leave();
            throw e;
        }
        ordinal = previous.ordinal();
        long behind = NanoWalPosition.ordinal(from) == ordinal ? Math.max(0, NanoWalPosition.offset(from)) : Long.MAX_VALUE;
        below = Math.min(behind, end.offset());
        if (behind > end.offset() && end.isDamaged(isNewest())) {
            throw NanoWalFailures.damaged(previous, end);
        }
        if (header == NanoWalFile.Header.OTHER_EXPIRATION) {
            throw NanoWalFailures.otherExpiration(previous);
        }
        return true;
    }

    private boolean isNewest() throws IOException {
        return source.freshChain(key).after(ordinal) == null;
    }

    private void collectAll(long mark) throws IOException {
        try {
            collect(mark);
        } catch (IOException e) {
            // the next call collects them again
            left = 0;
            throw e;
        }
    }

    private void collect(long mark) throws IOException {
        NanoWalScan scan = scan();
        WalException told = null;
        long at = mark;
        for (scan.seek(mark); at < below; at = scan.nextOffset()) {
            if (scan.next()) {
                if (scan.offset() < below) {
                    add(scan.offset());
                }
            } else if (scan.stop() == NanoWalScan.Stop.TOO_LONG) {
                told = NanoWalFailures.tooLong(file(), scan);
                scan.skip();
            } else {
                throw new IOException("file was cut while it was read");
            }
        }
        below = mark;
        if (told != null) {
            throw told;
        }
    }

    private void add(long start) {
        if (left == starts.length) {
            starts = Arrays.copyOf(starts, left * 2);
        }
        starts[left++] = start;
    }
}
