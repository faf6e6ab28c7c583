package dev.streamwal.append;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.Footer;
import dev.streamwal.format.FooterLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.recovery.RecordErasure;
import dev.streamwal.recovery.RecordErasure.Erased;
import dev.streamwal.recovery.SegmentCut;
import dev.streamwal.segment.RecoveredTail;
import dev.streamwal.segment.TimeRange;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.SegmentNames;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Erases records of a range of time from a stream's own segments. */
final class SegmentErasure {

    /*
     * Erasing.
     *
     * Only sealed segments are changed, and none in place: a reader may be in the middle of a record, a checkpoint may have a link to the file, and
     * half a change would be damage. A copy without the records is written under a temporary name, footer included, forced, and moved to the
     * segment's name. So at every moment, and after every crash, the name leads to a whole segment: the old one, or the new one.
     *
     * At each opening, and at each further read of a scan, a reader checks whether the name leads to another file. All records that stay have the
     * places that they had, and header and salt are the same, so a reader may go from one file to the other anywhere.
     *
     * The journal may still have the erased frames. It never writes them into a segment with a footer, and the copy has had one since before it had
     * its name. The caller has the journal forget them.
     *
     * The stream's lock is held from looking for the records until the copy has the name: no cut, of whatever age, is undone by it. The caller keeps
     * packing, deletions and checkpoints out.
     *
     * Between sealing and erasing no lock is held, and the stream may go on through any number of segments, some of which still wait for the sealer.
     * Nothing in those is to be erased: sealing returns where the last segment begins that may have records of the range, and erasing passes over
     * later ones. What was appended before sealing stands up to there, or in the segment that sealing left active; sealing leaves a segment active
     * only if it is empty, or if its window ends before the range begins. No position is given twice, so a segment that is begun later begins behind
     * that.
     *
     * A segment up to there may still be without its final form, for two reasons: a slot in it isn't published, or a cut came before its footer and
     * has opened it again. So the caller seals and tries again, a few times. It holds no lock, because listeners are told of what is sealed, and may
     * wait for any lock.
     */

    /** No segment begins here: nothing is to be erased. */
    static final long NOTHING = -1;

    private static final int CHUNK_BYTES = 1 << 20;

    private final LogContext log;
    private final ReentrantLock rotation;

    @GuardedBy("rotation")
    private final SegmentChain chain;

    @GuardedBy("rotation")
    private final PendingCut pending;

    /** Whether it is durable what an earlier process has erased: that may have been killed before it had forced the names. */
    @GuardedBy("rotation")
    private boolean isEarlierDurable;

    SegmentErasure(LogContext log, ReentrantLock rotation, SegmentChain chain, PendingCut pending) {
        this.log = log;
        this.rotation = rotation;
        this.chain = chain;
        this.pending = pending;
    }

    /** See {@link StreamLog#sealForErasure}. */
    long seal(TimeRange range) throws IOException {
        ActiveSegment last;
        long upTo;
        rotation.lock();
        try {
            pending.settle(gone -> {});
            ActiveSegment active = chain.active();
            if (active != null && !active.isEmpty() && range.fromMillis() < active.windowEndMillis()) {
                chain.deactivate(active);
            }
            last = chain.lastSealed();
            upTo = lastBehindAppends();
        } finally {
            rotation.unlock();
        }
        if (last != null) {
            log.sealer().sealNow(last);
        }
        return upTo;
    }

    /** Where the newest segment begins that isn't appended to. */
    @GuardedBy("rotation")
    private long lastBehindAppends() {
        long last = NOTHING;
        for (SegmentEntry entry : chain.segments.all()) {
            if (!isActive(entry)) {
                last = entry.name().basePosition();
            }
        }
        return last;
    }

    @GuardedBy("rotation")
    private boolean isActive(SegmentEntry entry) {
        ActiveSegment unfinished = entry.unfinished();
        return unfinished != null && unfinished.equals(chain.active());
    }

    /** See {@link StreamLog#erase}. */
    Optional<Path> erase(TimeRange range, long upTo, StreamLog.ErasedFrom each, Consumer<WalException> refused) throws IOException {
        Path unsealed;
        rotation.lock();
        try {
            pending.settle(gone -> {});
            unsealed = eraseInAll(range, upTo, each, refused);
        } finally {
            rotation.unlock();
        }
        return Optional.ofNullable(unsealed);
    }

    /** @return the newest file that isn't sealed yet and has to be, before it can be erased from; null if there is none */
    @GuardedBy("rotation")
    private @Nullable Path eraseInAll(TimeRange range, long upTo, StreamLog.ErasedFrom each, Consumer<WalException> refused) throws IOException {
        Path unsealed = null;
        boolean isAny = false;
        try {
            for (SegmentEntry entry : chain.segments.all()) {
                if (entry.name().basePosition() > upTo || isActive(entry)) {
                    continue;
                }
                if (entry.unfinished() != null) {
                    unsealed = chain.fileOf(entry);
                    continue;
                }
                try {
                    isAny |= erase(entry, range, each);
                } catch (CorruptSegmentException | UnsupportedFormatException e) {
                    refused.accept(e);
                }
            }
        } finally {
            // also if a file failed: the next call finds nothing to erase in the files before it, and forces nothing. Until this force has returned,
            // a crash may bring the old files back
            if (isAny) {
                forceNames();
            }
        }
        if (!isEarlierDurable && !chain.segments.isEmpty()) {
            forceNames();
        }
        return unsealed;
    }

    @GuardedBy("rotation")
    private void forceNames() throws IOException {
        chain.names.force();
        isEarlierDurable = true;
    }

    @GuardedBy("rotation")
    private boolean erase(SegmentEntry entry, TimeRange range, StreamLog.ErasedFrom each) throws IOException {
        try (SegmentFile file = log.storage().open(chain.fileOf(entry))) {
            SegmentHeader header = chain.headerOf(entry.name(), file);
            Footer footer = chain.footerOf(entry.name(), file, header).orElseThrow(() -> noFooter(file.path(), header));
            boolean isNothing = !range.overlaps(footer.index())
                    || RecordErasure.count(file, header, file.path(), footer.dataEnd(), range).equals(Erased.NOTHING);
            if (!isNothing) {
                replace(entry, file, header, footer.dataEnd(), range, each);
            }
            return !isNothing;
        }
    }

    private static CorruptSegmentException noFooter(Path file, SegmentHeader header) {
        return new CorruptSegmentException("footer of a segment to erase records in is damaged: file=" + file + ", stream=" + header.key()
                + "; nothing was erased in this segment: repair or delete the stream", file, header.key().text(), header.basePosition(), 0, 0,
                null);
    }

    @GuardedBy("rotation")
    private void replace(SegmentEntry entry, SegmentFile file, SegmentHeader header, int dataEnd, TimeRange range, StreamLog.ErasedFrom each)
            throws IOException {
        log.fence().check();
        Path temporary = chain.directory.resolve(SegmentNames.temporary(log.newSalt()));
        SegmentFile copy = log.storage().create(temporary);
        try {
            Erased erased = copyWithout(file, header, dataEnd, range, copy);
            long length = copy.size();
            copy.close();
            log.storage().replace(temporary, file.path());
            chain.segments.finished(entry, length);
            each.erased(chain.key, file.path(), erased);
        } catch (IOException | RuntimeException | Error e) {
            copy.close();
            log.storage().deleteAfter(e, temporary);
            throw e;
        }
    }

    private static Erased copyWithout(SegmentFile file, SegmentHeader header, int dataEnd, TimeRange range, SegmentFile copy) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate(Math.min(CHUNK_BYTES, dataEnd)).order(ByteOrder.LITTLE_ENDIAN);
        file.copy(0, dataEnd, chunk, copy::write);
        Erased erased = RecordErasure.erase(file, header, file.path(), dataEnd, range, copy::write);
        RecoveredTail tail = SegmentCut.walk(copy, header, dataEnd)
                .orElseThrow(() -> new IOException("copy of a segment doesn't verify: file=" + copy.path() + "; look at the disk"));
        // the last record may have been a batch's member, and is now a record by itself
        SegmentHeader marked = header.with(header.isCut(), tail.lastStart());
        copy.write(SegmentHeaderLayout.MARK, SegmentHeaderLayout.encode(marked).slice(SegmentHeaderLayout.MARK, Integer.BYTES));
        copy.write(dataEnd, FooterLayout.encode(marked, dataEnd, tail.lastSize(), tail.index()));
        copy.force();
        return erased;
    }
}
