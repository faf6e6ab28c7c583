package dev.streamwal.recovery;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.Footer;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.BadSectors;
import dev.streamwal.io.IoFailure;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.recovery.ChainEvidence.Broken;
import dev.streamwal.recovery.StreamRecovery.Listed;
import dev.streamwal.recovery.StreamRecovery.Outcome;
import dev.streamwal.recovery.StreamRecovery.Unfinished;
import dev.streamwal.recovery.TailEvidence.Left;
import dev.streamwal.segment.RecoveredTail;
import dev.streamwal.segment.SegmentEnd;
import dev.streamwal.segment.SegmentFiles;
import dev.streamwal.segment.SegmentScan;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One recovery of one stream: the chain of its segments from the newest footer on. Checks that each segment continues the one before, repairs each,
 * and sets aside what a crash left behind a lost part.
 *
 * <p>A footer is written only once the names and the data of its segment and of all before it are durable. So nothing before the newest footer is
 * read.
 */
final class ChainRecovery {

    /** The JDK keeps a direct buffer as large as the largest heap buffer that a thread has read or written. */
    private static final int REWRITTEN_BYTES = 64 << 10;

    private final SegmentStorage storage;
    private final Quarantine quarantine;
    private final StreamRecovery.Terms terms;
    private final StreamRecovery.Listener listener;
    private final StreamKey key;
    private final Path directory;
    /** Since the log was opened: retention may delete segments before recovery reads them. */
    private final long deletedBelow;
    private final Findings findings;

    private final List<Link> chain = new ArrayList<>();
    private final List<Unfinished> unfinished = new ArrayList<>();
    private final List<SegmentName> removed = new ArrayList<>();
    /** Whether something that the stream had is missing, or stays but isn't trusted. */
    private boolean broken;
    /** Whether an unreadable segment, which doesn't count, stands before the first readable one. */
    private boolean passedOverFirst;
    /** Where a stream ended that has no readable segment. */
    private OptionalLong skippedEnd = OptionalLong.empty();

    ChainRecovery(
            SegmentStorage storage,
            Quarantine quarantine,
            StreamRecovery.Terms terms,
            StreamRecovery.Listener listener,
            StreamKey key,
            Path directory,
            long deletedBelow,
            Findings findings) {
        this.storage = storage;
        this.quarantine = quarantine;
        this.terms = terms;
        this.listener = listener;
        this.key = key;
        this.directory = directory;
        this.deletedBelow = deletedBelow;
        this.findings = findings;
    }

    /**
     * A segment with a valid header.
     *
     * @param footer null if it has none
     * @param left how its writer left it
     * @param durable offset before which everything was acknowledged as durable; 0 if nothing is known
     * @param behindGap whether the segment before it can't be read and is skipped
     */
    private record Link(SegmentHeader header, SegmentFile file, @Nullable Footer footer, Left left, int durable, boolean behindGap) {

        boolean isProven() {
            return footer != null || durable > 0 || left == Left.CLOSED;
        }
    }

    Outcome recover(List<Listed> listed) throws IOException {
        try {
            open(listed);
            setAsideWhatCameBack();
            checkBeginning();
            repairAll();
        } finally {
            chain.forEach(link -> link.file().close());
        }
        if (!removed.isEmpty()) {
            storage.forceDirectory(directory);
        }
        return outcome();
    }

    private Outcome outcome() throws IOException {
        if (chain.isEmpty()) {
            boolean unused = skippedEnd.isEmpty() && storage.deleteDirectoryIfEmpty(directory);
            return new Outcome(List.of(), removed, skippedEnd, Long.MIN_VALUE, false, findings.isAboutDamage());
        }
        OptionalLong end = isNothingKnown() ? OptionalLong.empty() : OptionalLong.of(endOf(chain.size() - 1));
        return new Outcome(unfinished, removed, end, newest().header().window().startMillis(),
                !broken && isWhole(newest()), findings.isAboutDamage());
    }

    /**
     * Whether the stream has its first segment only, and that has no record and doesn't know of any before it. Were its beginning taken for an end, the
     * next segment would say that there was something before, and consumers would be told that they have lost it.
     */
    private boolean isNothingKnown() {
        Link first = chain.get(0);
        return chain.size() == 1 && first.footer() == null && first.header().isEndBeforeUnknown() && endOf(0) == first.header().basePosition();
    }

    /**
     * Whether the stream ends where a writer closed the log with everything durable, and all later writers also closed it. A later writer that was
     * killed may have created a segment there and given positions in it, which the disk may have lost. Closing raises the mark to the last record, so
     * that a shortened file is noticed even if nothing was durable before.
     */
    private boolean isWhole(Link link) {
        SegmentHeader header = link.header();
        if (!terms.opened().now().isEndBelieved(header.incarnation()) || header.isCut()) {
            return false;
        }
        Footer footer = link.footer();
        return footer != null ? header.mark() < footer.dataEnd() : header.mark() == tailOf(header).lastStart();
    }

    private Link newest() {
        return chain.get(chain.size() - 1);
    }

    // ---------------------------------------------------------------- opening

    /**
     * A segment whose header is damaged or was never written.
     *
     * @param isWritten whether there certainly was something, because the disk can't read it
     */
    private record Unreadable(SegmentName name, SegmentFile file, boolean isEmpty, boolean isWritten, CorruptSegmentException why) {}

    /** Goes backwards up to and including the first footer; of shared segments, all are read. */
    private void open(List<Listed> listed) throws IOException {
        List<Unreadable> unreadable = new ArrayList<>();
        int oldest = listed.size();
        while (oldest > 0 && (key.equals(StreamKey.SHARED) || chain.isEmpty() || chain.get(0).footer() == null)) {
            SegmentName name = listed.get(--oldest).name();
            SegmentFile file = storage.open(directory.resolve(name.fileName()));
            try {
                SegmentBytes bytes = telling(file);
                SegmentHeader header = SegmentFiles.readHeader(bytes, file.path(), key, name);
                Footer footer = SegmentEnd.read(bytes, header).footer();
                chain.add(0, new Link(header, file, footer, terms.left(header), terms.known().durableOffset(header), false));
            } catch (CorruptSegmentException e) {
                unreadable.add(0, new Unreadable(name, file, isEmpty(file), false, e));
            } catch (UnreadSector e) {
                unreadable.add(0, unread(name, file, e.failure));
            } finally {
                file.close();
            }
        }
        judge(unreadable);
        passWhatCanBeReadAgain();
        deleteEmpty(listed.subList(0, oldest));
    }

    /**
     * A shared segment with a sector that the disk can't read stays as it is, like one with a damaged header: otherwise no stream that shares could
     * go on. A later recovery may be able to read it.
     */
    private Unreadable unread(SegmentName name, SegmentFile file, IOException failure) throws IOException {
        String what = "segment can't be read: " + IoFailure.fault(failure) + ", file=" + file.path() + ", stream=" + key + "; look at the disk";
        return new Unreadable(name, file, false, true,
                new CorruptSegmentException(what, file.path(), key.text(), name.basePosition(), 0, file.size(), failure));
    }

    /**
     * A shared segment that couldn't be read at an earlier opening was left as it was, and the next segment says that the stream ends before it. If
     * it can be read again, and has a record, it counts, and what the next segment says of the end doesn't.
     */
    private void passWhatCanBeReadAgain() throws IOException {
        for (int i = 1; key.equals(StreamKey.SHARED) && i < chain.size(); i++) {
            Link before = chain.get(i - 1);
            Link link = chain.get(i);
            boolean isPassed = !link.header().isFirst() && link.header().previousEnd() <= before.header().basePosition();
            if (isPassed && (before.footer() != null || hasRecord(before))) {
                chain.set(i, new Link(link.header(), link.file(), link.footer(), link.left(), link.durable(), true));
            }
        }
    }

    private boolean hasRecord(Link link) throws IOException {
        try (SegmentScan scan = new SegmentScan(telling(link.file()), link.header())) {
            return scan.next() || scan.findValid(link.header().headerLength(), link.file().size()) >= 0;
        } catch (CorruptSegmentException | UnreadSector e) {
            return false;
        } finally {
            link.file().close();
        }
    }

    /**
     * What an earlier recovery has set aside is there again if that recovery was killed before it was durable. Whoever has begun the segment behind it knew
     * that nothing in it counts, and what stood before it is missing. So it is no damage, whatever was durable since.
     */
    private void setAsideWhatCameBack() throws IOException {
        for (int behind = chain.size() - 1; behind > 0; behind--) {
            int first = firstThatCameBack(behind);
            while (behind > first) {
                setAside(--behind);
            }
        }
    }

    /** The index itself if nothing before that segment came back. */
    private int firstThatCameBack(int behind) {
        Link begun = chain.get(behind);
        if (begun.behindGap() || begun.header().isFirst()) {
            return behind;
        }
        long end = begun.header().previousEnd();
        int first = firstFrom(end);
        boolean cameBack = first < behind && chain.get(first).header().previousEnd() > end
                && chain.subList(first, behind).stream().noneMatch(Link::isProven);
        return cameBack ? first : behind;
    }

    /** Index in the chain of the first segment that begins at or behind a position. */
    private int firstFrom(long position) {
        int index = 0;
        while (index < chain.size() && chain.get(index).header().basePosition() < position) {
            index++;
        }
        return index;
    }

    private void judge(List<Unreadable> unreadable) throws IOException {
        for (Unreadable segment : unreadable) {
            if (isPassedOver(segment)) {
                if (segment.isEmpty()) {
                    delete(segment.name());
                }
                passedOverFirst |= indexBehind(segment) == 0;
            } else if (judge(segment) == RecoveryDecision.SET_ASIDE_BEHIND) {
                setAsideFrom(segment, unreadable);
                return;
            }
        }
    }

    /** Whether a file has nothing, or only zeros, instead of a header: the disk kept its name and none of its pages. */
    private static boolean isEmpty(SegmentFile file) throws IOException {
        ByteBuffer first = ByteBuffer.allocate(SegmentHeaderLayout.MAX_BYTES);
        int read = file.read(first, 0);
        for (int i = 0; i < read; i++) {
            if (first.get(i) != 0) {
                return false;
            }
        }
        return true;
    }

    /**
     * Deletes a file without a header if the segment behind it was begun without it. A crash may leave a segment's name without its pages, and
     * versions that didn't delete such a file continued behind it: it then stands before a segment with a footer, and each scan would find it. A file
     * that is shorter than any header holds nothing.
     */
    private void deleteEmpty(List<Listed> before) throws IOException {
        SegmentName behind = null;
        for (int i = before.size() - 1; i >= 0; i--) {
            SegmentName name = before.get(i).name();
            if (before.get(i).bytes() >= SegmentHeaderLayout.headerLength(1)) {
                behind = name;
            } else if (endBefore(behind) <= name.basePosition()) {
                delete(name);
            }
        }
    }

    /** @param name null for the first of the chain */
    private long endBefore(@Nullable SegmentName name) throws IOException {
        if (name == null) {
            return endBefore(chain.get(0).header());
        }
        SegmentFile file = storage.open(directory.resolve(name.fileName()));
        try {
            return endBefore(SegmentFiles.readHeader(file, file.path(), key, name));
        } catch (CorruptSegmentException e) {
            return Long.MAX_VALUE;
        } finally {
            file.close();
        }
    }

    private void delete(SegmentName name) throws IOException {
        storage.delete(directory.resolve(name.fileName()));
        removed.add(name);
    }

    /** Index in the chain of the first segment behind this one. */
    private int indexBehind(Unreadable segment) {
        return firstFrom(segment.name().basePosition());
    }

    /**
     * Whether the segment behind it was created by a writer that knew that nothing in it counts. Recovery may have deleted it, and been killed before
     * that was durable: then it is there again.
     */
    private boolean isPassedOver(Unreadable segment) {
        int behind = indexBehind(segment);
        return behind < chain.size() && endBefore(chain.get(behind).header()) <= segment.name().basePosition();
    }

    /** Where the data before a segment ended, as its writer knew; there is nothing before a stream's first segment. */
    private static long endBefore(SegmentHeader header) {
        return header.isFirst() ? Long.MIN_VALUE : header.previousEnd();
    }

    private RecoveryDecision judge(Unreadable segment) {
        int behind = indexBehind(segment);
        ChainEvidence evidence = new ChainEvidence(Broken.UNREADABLE, segment.isWritten() || isProvenFrom(behind) || isLeftClosed(behind));
        RecoveryDecision decision = RecoveryTable.decide(evidence, terms.policy());
        if (decision == RecoveryDecision.REFUSE_CORRUPT) {
            throw new CorruptSegmentException(
                    segment.why().getMessage() + "; open the log with RecoveryPolicy.SKIP_BAD_RECORDS to continue after it",
                    segment.file().path(), key.text(), segment.name().basePosition(), 0, segment.why().length(), segment.why());
        }
        if (decision == RecoveryDecision.SKIP_UNREADABLE) {
            skip(segment, behind);
        }
        return decision;
    }

    /** Whether the log was closed by all writers that may have written a segment before this one of the chain. */
    private boolean isLeftClosed(int behind) {
        long first = behind > 0 ? chain.get(behind - 1).header().incarnation() : 0;
        return terms.opened().now().wasClosedAsFarAsKnownSince(first);
    }

    /**
     * The segment stays as it is: readers still report it, and its name still says which positions were given. What stands behind it is sealed, or
     * begins where the one before it ends; either tells later recoveries that this was settled.
     */
    private void skip(Unreadable segment, int behind) {
        if (behind < chain.size()) {
            Link link = chain.get(behind);
            chain.set(behind, new Link(link.header(), link.file(), link.footer(), link.left(), link.durable(), true));
        } else if (chain.isEmpty()) {
            skippedEnd = OptionalLong.of(segment.name().basePosition());
        }
        broken = true;
        tell(new Repair(RecoveryDecision.SKIP_UNREADABLE, segment.file().path(), 0, segment.why().length(), Optional.empty()));
    }

    /** Whether a footer, or the frontier, proves that a segment of the chain from this one on is durable, and so all before it. */
    private boolean isProvenFrom(int index) {
        return chain.subList(index, chain.size()).stream().anyMatch(Link::isProven);
    }

    // ---------------------------------------------------------------- the chain

    /** However the last writer ended, the directory may have lost the stream's first names and kept later ones. */
    private void checkBeginning() throws IOException {
        if (chain.isEmpty()) {
            return;
        }
        Link first = chain.get(0);
        // if the machine is still up, the likely cause is a full disk that prevented a deletion from being written down
        if (first.left() == Left.IN_THIS_BOOT || first.header().isFirst() || first.behindGap() || passedOverFirst || isProvenFrom(0)
                || isDeletedBefore(first.header())) {
            return;
        }
        ChainEvidence evidence = new ChainEvidence(Broken.NO_BEGINNING, false);
        if (RecoveryTable.decide(evidence, terms.policy()) == RecoveryDecision.SET_ASIDE_BEHIND) {
            setAsideFrom(0);
        }
    }

    /** Whether the part before a segment was deleted on purpose: it ended at {@code previous end}, and so began before that. */
    private boolean isDeletedBefore(SegmentHeader header) throws IOException {
        return !terms.known().tellsOfDeletions()
                || Math.max(deletedBelow, terms.known().deletedBelow(key).orElse(0)) >= header.previousEnd();
    }

    private void repairAll() throws IOException {
        for (int i = 0; i < chain.size(); i++) {
            if (i > 0 && isGapBefore(i) && closeGap(i)) {
                return;
            }
            Link link = chain.get(i);
            if (link.footer() == null && !isRepaired(link, i)) {
                i--;
            }
        }
    }

    /** @return false if it can't be read, and is left as it is, and out of the chain */
    private boolean isRepaired(Link link, int index) throws IOException {
        try {
            unfinished.add(repair(link, index));
            return true;
        } catch (UnreadSector e) {
            Unreadable segment = unread(link.header().name(), link.file(), e.failure);
            chain.remove(index);
            skip(segment, index);
            return false;
        }
    }

    /** A read failed twice. */
    private static final class UnreadSector extends IOException {
        private static final long serialVersionUID = 1L;

        private final IOException failure;

        UnreadSector(IOException failure) {
            super(failure.getMessage(), failure);
            this.failure = failure;
        }
    }

    /**
     * Whether a segment begins elsewhere than the one before ends. A stream's first segment has no predecessor, whatever an earlier life of the
     * stream left before it.
     */
    private boolean isGapBefore(int index) throws IOException {
        Link link = chain.get(index);
        return !link.header().isFirst() && !link.behindGap() && endOf(index - 1) != link.header().previousEnd()
                && !terms.known().isElsewhereUpTo(key, link.header().previousEnd());
    }

    /** @return whether nothing is left behind it */
    private boolean closeGap(int index) throws IOException {
        SegmentHeader header = chain.get(index).header();
        Path file = chain.get(index).file().path();
        long end = endOf(index - 1);
        switch (RecoveryTable.decide(new ChainEvidence(Broken.GAP, isProvenFrom(index)), terms.policy())) {
            case SET_ASIDE_BEHIND -> {
                setAsideFrom(index);
                return true;
            }
            case GO_ON_BEHIND_GAP -> {
                tell(new Repair(RecoveryDecision.GO_ON_BEHIND_GAP, file, 0, Math.max(0, header.previousEnd() - end), Optional.empty()));
                broken = true;
                return false;
            }
            default -> throw new CorruptSegmentException(
                    "durable segment doesn't begin where the one before it ends: file=" + file + ", offset=0, stream=" + key
                            + ", previousEnd=" + header.previousEnd() + ", end=" + end + ", before=" + chain.get(index - 1).file().path()
                            + "; open the log with RecoveryPolicy.SKIP_BAD_RECORDS to continue after the gap",
                    file, key.text(), header.basePosition(), 0, 0, null);
        }
    }

    private Unfinished repair(Link link, int index) throws IOException {
        SegmentHeader header = link.header();
        Findings ofSegment = new Findings();
        SegmentRepair.Bounds bounds = bounds(link, index);
        SegmentRepair repair = new SegmentRepair(header, link.file(), counted(link.file()), bounds, quarantine, terms.policy(), ofSegment);
        try {
            RecoveredTail tail = repair.repair();
            if (bounds.left() != Left.CLOSED) {
                writeAgain(link, tail.tail());
            }
            broken |= repair.isLossy();
            ofSegment.kept(tail.index().records(), tail.tail() - header.headerLength());
            return new Unfinished(repair.header(), link.file(), tail);
        } finally {
            link.file().close();
            if (!ofSegment.isClean()) {
                listener.repaired(key, ofSegment);
            }
            findings.addAll(ofSegment);
        }
    }

    /**
     * Rewrites what isn't known to be durable, because its writer didn't close the log. That writer may have ended with a failed flush in the same
     * run of the machine: then the page cache holds what the disk lacks, takes it for written, and a force would succeed without writing it.
     */
    private void writeAgain(Link link, int end) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate(REWRITTEN_BYTES);
        int from = link.durable() > link.header().headerLength() ? link.durable() : 0;
        telling(link.file()).copy(from, end, chunk, link.file()::write);
    }

    private SegmentRepair.Bounds bounds(Link link, int index) throws IOException {
        boolean hasSuccessor = index + 1 < chain.size();
        long knownEnd = hasSuccessor ? knownEnd(link.header(), chain.get(index + 1)) : SegmentRepair.Bounds.UNKNOWN;
        boolean isWholeDurable = knownEnd != SegmentRepair.Bounds.UNKNOWN && isProvenFrom(index + 1);
        return new SegmentRepair.Bounds(link.left(), knownEnd, isWholeDurable ? Math.max(knownEnd, link.durable()) : link.durable(),
                terms.isRestartedSince(link.header()));
    }

    /** Where a successor, here or elsewhere, says that the data ends, if it says so of this segment: another segment may be missing in between. */
    private long knownEnd(SegmentHeader header, Link successor) throws IOException {
        if (successor.header().isFirst() || successor.behindGap()) {
            return SegmentRepair.Bounds.UNKNOWN;
        }
        long end = successor.header().previousEnd();
        if (isWithin(header, end)) {
            end = terms.known().endBefore(key, header.basePosition(), end);
        }
        if (end == header.previousEnd()) {
            return header.headerLength();
        }
        return isWithin(header, end) ? header.offsetOf(end) : SegmentRepair.Bounds.UNKNOWN;
    }

    private static boolean isWithin(SegmentHeader header, long position) {
        long offset = header.offsetOf(position);
        return offset >= header.headerLength() && offset <= header.capacity();
    }

    /** For a shared segment: tells a sector that can't be read, even at the second attempt, from one that can't be written. */
    private SegmentBytes telling(SegmentFile file) {
        return new Reading(file, key.equals(StreamKey.SHARED), unused -> {});
    }

    private SegmentBytes counted(SegmentFile file) {
        return new Reading(file, key.equals(StreamKey.SHARED), listener::read);
    }

    /** @param each receives how many bytes were read */
    private record Reading(SegmentFile file, boolean isOfShared, LongConsumer each) implements SegmentBytes {

        @Override
        public int read(ByteBuffer target, long offset) throws IOException {
            int start = target.position();
            int read;
            try {
                read = file.read(target, offset);
            } catch (IOException e) {
                if (!isOfShared || !BadSectors.isOfSector(e)) {
                    throw e;
                }
                read = again(target.position(start), offset);
            }
            each.accept(read);
            return read;
        }

        private int again(ByteBuffer target, long offset) throws IOException {
            try {
                return file.read(target, offset);
            } catch (IOException e) {
                throw new UnreadSector(e);
            }
        }

        @Override
        public long size() throws IOException {
            return file.size();
        }

        @Override
        public String toString() {
            return file.path().toString();
        }
    }

    /** Where the stream's data ends, if the last segment has been repaired or has a footer; for an empty segment, where the data had ended before. */
    private long endOf(int index) {
        Link link = chain.get(index);
        Footer footer = link.footer();
        int dataEnd = footer != null ? footer.dataEnd() : tailOf(link.header()).tail();
        return dataEnd == link.header().headerLength() ? link.header().previousEnd() : link.header().positionAt(dataEnd);
    }

    private RecoveredTail tailOf(SegmentHeader header) {
        for (int i = unfinished.size() - 1; i >= 0; i--) {
            if (unfinished.get(i).header().name().equals(header.name())) {
                return unfinished.get(i).tail();
            }
        }
        throw new IllegalStateException("previous segment hasn't been repaired: stream=" + key);
    }

    // ---------------------------------------------------------------- setting aside

    private void setAsideFrom(int index) throws IOException {
        while (chain.size() > index) {
            setAside(chain.size() - 1);
        }
    }

    private void setAside(int index) throws IOException {
        Link link = chain.remove(index);
        setAside(link.header().name(), link.file());
    }

    /** A segment whose header never reached the disk, and all behind it. An empty one leaves nothing to keep or to report. */
    private void setAsideFrom(Unreadable first, List<Unreadable> unreadable) throws IOException {
        for (int i = unreadable.size() - 1; i >= unreadable.indexOf(first); i--) {
            Unreadable segment = unreadable.get(i);
            setAsideFrom(indexBehind(segment));
            if (segment.isEmpty()) {
                delete(segment.name());
            } else {
                setAside(segment.name(), segment.file());
            }
        }
    }

    /** Call it for the newest first, so that what is left never has a hole. Beyond the quarantine's limit the segment is deleted. */
    private void setAside(SegmentName name, SegmentFile file) throws IOException {
        long length = file.size();
        file.close();
        Optional<Path> target = quarantine.move(key, file.path(), length);
        if (target.isEmpty()) {
            storage.delete(file.path());
        }
        removed.add(name);
        tell(new Repair(RecoveryDecision.SET_ASIDE_BEHIND, file.path(), 0, length, target));
    }

    private void tell(Repair repair) {
        Findings one = new Findings();
        one.add(repair);
        findings.addAll(one);
        listener.repaired(key, one);
    }
}
