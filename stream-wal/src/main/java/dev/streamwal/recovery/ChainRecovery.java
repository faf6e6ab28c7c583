package dev.streamwal.recovery;

import dev.streamwal.format.Footer;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.reader.CorruptSegmentException;
import dev.streamwal.recovery.ChainEvidence.Broken;
import dev.streamwal.recovery.StreamRecovery.Outcome;
import dev.streamwal.recovery.StreamRecovery.Unfinished;
import dev.streamwal.source.SegmentBytes;
import dev.streamwal.source.SegmentFiles;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.SegmentStorage;
import dev.streamwal.storage.StorageBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * One recovery of one stream: the chain of its segments from the newest footer on. Checks that each goes on where the one before ends, has
 * each repaired, and sets aside what a restart of the machine left behind something that it lost.
 *
 * <p>A footer was written after the names of its segment and of all before it were durable, and so was their data. So nothing before the
 * newest footer is looked at.
 */
final class ChainRecovery {

    private final SegmentStorage storage;
    private final Quarantine quarantine;
    private final StreamRecovery.Terms terms;
    private final StreamRecovery.Listener listener;
    private final StreamKey key;
    private final Path directory;
    private final Findings findings;

    private final List<Link> chain = new ArrayList<>();
    private final List<Unfinished> unfinished = new ArrayList<>();
    private final List<SegmentName> removed = new ArrayList<>();
    private boolean forgotten;
    /** Whether one that can't be read, and doesn't count, stands before the first that can. */
    private boolean passedOverFirst;
    /** Where a stream ended of which nothing can be read. */
    private OptionalLong skippedEnd = OptionalLong.empty();

    ChainRecovery(
            SegmentStorage storage,
            Quarantine quarantine,
            StreamRecovery.Terms terms,
            StreamRecovery.Listener listener,
            StreamKey key,
            Path directory,
            Findings findings) {
        this.storage = storage;
        this.quarantine = quarantine;
        this.terms = terms;
        this.listener = listener;
        this.key = key;
        this.directory = directory;
        this.findings = findings;
    }

    /**
     * A segment with a valid header.
     *
     * @param footer null where it has none
     * @param durable offset in front of which everything was acknowledged as durable; 0 where nothing is known
     * @param behindGap whether the one before it can't be read, and is skipped
     */
    private record Link(SegmentHeader header, SegmentFile file, @Nullable Footer footer, int durable, boolean behindGap) {

        boolean isProven() {
            return footer != null || durable > 0;
        }
    }

    Outcome recover(List<SegmentName> names) throws IOException {
        try {
            open(names);
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
            return new Outcome(List.of(), removed, skippedEnd, Long.MIN_VALUE, false, forgotten);
        }
        SegmentHeader newest = newest().header();
        forgotten |= hasLostItsEnd(newest());
        boolean goesOn = newest.incarnation() == terms.incarnation() && !newest.isCut() && !forgotten;
        return new Outcome(goesOn ? unfinished : unfinished.stream().map(ChainRecovery::toBeSealed).toList(), removed,
                OptionalLong.of(endOf(chain.size() - 1)), newest.window().startMillis(), goesOn, forgotten);
    }

    private static Unfinished toBeSealed(Unfinished segment) {
        return new Unfinished(segment.header(), segment.file(), segment.tail(), false);
    }

    /** A footer closes what is left of a segment; that there was more is still told by the mark, or by the frontier. */
    private boolean hasLostItsEnd(Link link) {
        Footer footer = link.footer();
        return footer != null
                && (footer.dataEnd() < link.durable() || (isCurrent(link) && link.header().mark() >= footer.dataEnd()));
    }

    private Link newest() {
        return chain.get(chain.size() - 1);
    }

    // ---------------------------------------------------------------- opening

    /** A segment whose header can't be read. */
    private record Unreadable(SegmentName name, SegmentFile file, CorruptSegmentException why) {}

    /** Backwards to the first footer, which is included. */
    private void open(List<SegmentName> names) throws IOException {
        List<Unreadable> unreadable = new ArrayList<>();
        for (int i = names.size() - 1; i >= 0 && (chain.isEmpty() || chain.get(0).footer() == null); i--) {
            SegmentFile file = storage.open(directory.resolve(names.get(i).fileName()));
            try {
                SegmentHeader header = SegmentFiles.readHeader(StorageBytes.of(file), file.path(), key, names.get(i));
                Footer footer = SegmentFiles.readFooter(StorageBytes.of(file), header).orElse(null);
                chain.add(0, new Link(header, file, footer, terms.known().durableOffset(header), false));
            } catch (CorruptSegmentException e) {
                unreadable.add(0, new Unreadable(names.get(i), file, e));
            } finally {
                file.close();
            }
        }
        for (Unreadable segment : unreadable) {
            if (isPassedOver(segment)) {
                passedOverFirst |= indexBehind(segment) == 0;
            } else if (judge(segment) == RecoveryDecision.SET_ASIDE_BEHIND) {
                setAsideFrom(segment, unreadable);
                return;
            }
        }
    }

    /** Index in the chain of the first segment behind this one. */
    private int indexBehind(Unreadable segment) {
        int index = 0;
        while (index < chain.size() && chain.get(index).header().basePosition() < segment.name().basePosition()) {
            index++;
        }
        return index;
    }

    /** Whether the segment behind it was created by somebody who knew that nothing in it counts. */
    private boolean isPassedOver(Unreadable segment) {
        int behind = indexBehind(segment);
        return behind < chain.size() && chain.get(behind).header().previousEnd() <= segment.name().basePosition();
    }

    private RecoveryDecision judge(Unreadable segment) {
        int behind = indexBehind(segment);
        ChainEvidence evidence = new ChainEvidence(Broken.UNREADABLE, isOfThisIncarnation(segment, behind), isProvenFrom(behind));
        RecoveryDecision decision = RecoveryTable.decide(evidence, terms.policy());
        if (decision == RecoveryDecision.REFUSE_CORRUPT) {
            throw new CorruptSegmentException(
                    segment.why().getMessage() + "; open the log with RecoveryPolicy.SKIP_BAD_RECORDS to go on behind it",
                    segment.file().path(), key.text(), segment.name().basePosition(), 0, segment.why().length(), segment.why());
        }
        if (decision == RecoveryDecision.SKIP_UNREADABLE) {
            skip(segment, behind);
        }
        return decision;
    }

    /**
     * Whether the segment was created since the machine was restarted; then its header was there before its name. A stream whose newest
     * segment is older goes on at or above the {@code start} of that time.
     */
    private boolean isOfThisIncarnation(Unreadable segment, int behind) {
        boolean followsOne = behind > 0 && isCurrent(chain.get(behind - 1));
        return followsOne || segment.name().basePosition() >= terms.start();
    }

    private boolean isCurrent(Link link) {
        return link.header().incarnation() == terms.incarnation();
    }

    /**
     * The segment stays as it is: readers go on to tell of it, and its name goes on to say which positions were given. What stands behind
     * it is sealed, or begins where the one before it ends; either tells later recoveries that this was settled.
     */
    private void skip(Unreadable segment, int behind) {
        if (behind < chain.size()) {
            Link link = chain.get(behind);
            chain.set(behind, new Link(link.header(), link.file(), link.footer(), link.durable(), true));
        } else if (chain.isEmpty()) {
            skippedEnd = OptionalLong.of(segment.name().basePosition());
        }
        forgotten = true;
        tell(new Repair(RecoveryDecision.SKIP_UNREADABLE, segment.file().path(), 0, segment.why().length(), Optional.empty()));
    }

    /** Whether a footer, or the frontier, says that a segment of the chain from this one on is durable, and so all before it. */
    private boolean isProvenFrom(int index) {
        return chain.subList(index, chain.size()).stream().anyMatch(Link::isProven);
    }

    // ---------------------------------------------------------------- the chain

    /** After a restart of the machine the directory may have lost the stream's first names, and kept later ones. */
    private void checkBeginning() throws IOException {
        if (chain.isEmpty()) {
            return;
        }
        Link first = chain.get(0);
        if (isCurrent(first) || first.header().isFirst() || first.behindGap() || passedOverFirst || isProvenFrom(0)
                || isDeletedBefore(first.header())) {
            return;
        }
        ChainEvidence evidence = new ChainEvidence(Broken.NO_BEGINNING, false, false);
        if (RecoveryTable.decide(evidence, terms.policy()) == RecoveryDecision.SET_ASIDE_BEHIND) {
            setAsideFrom(0);
        }
    }

    /** Whether what preceded a segment was deleted on purpose: it ended at {@code previous end}, and so began before that. */
    private boolean isDeletedBefore(SegmentHeader header) {
        OptionalLong deletedBelow = terms.known().deletedBelow(key);
        return !terms.known().tellsOfDeletions()
                || (deletedBelow.isPresent() && deletedBelow.getAsLong() >= header.previousEnd());
    }

    private void repairAll() throws IOException {
        for (int i = 0; i < chain.size(); i++) {
            if (i > 0 && isGapBefore(i) && closeGap(i)) {
                return;
            }
            Link link = chain.get(i);
            if (link.footer() == null) {
                unfinished.add(repair(link, i));
            }
        }
    }

    /**
     * Whether a segment begins elsewhere than the one before ends. Asked of what is older than the machine's last restart: since then each
     * was created where its predecessor ended. The first segment of a stream has none, whatever of an earlier life stands before it.
     */
    private boolean isGapBefore(int index) {
        Link link = chain.get(index);
        return !isCurrent(link) && !link.header().isFirst() && !link.behindGap() && endOf(index - 1) != link.header().previousEnd();
    }

    /** @return whether nothing is left behind it */
    private boolean closeGap(int index) throws IOException {
        SegmentHeader header = chain.get(index).header();
        Path file = chain.get(index).file().path();
        long end = endOf(index - 1);
        switch (RecoveryTable.decide(new ChainEvidence(Broken.GAP, false, isProvenFrom(index)), terms.policy())) {
            case SET_ASIDE_BEHIND -> {
                setAsideFrom(index);
                return true;
            }
            case GO_ON_BEHIND_GAP -> {
                tell(new Repair(RecoveryDecision.GO_ON_BEHIND_GAP, file, 0, Math.max(0, header.previousEnd() - end), Optional.empty()));
                forgotten = true;
                return false;
            }
            default -> throw new CorruptSegmentException(
                    "a segment begins where the one before ends, and it was durable: file=" + file + ", offset=0, stream=" + key
                            + ", previousEnd=" + header.previousEnd() + ", end=" + end + ", before=" + chain.get(index - 1).file().path()
                            + "; open the log with RecoveryPolicy.SKIP_BAD_RECORDS to go on behind the gap",
                    file, key.text(), header.basePosition(), 0, 0, null);
        }
    }

    private Unfinished repair(Link link, int index) throws IOException {
        SegmentHeader header = link.header();
        Findings ofSegment = new Findings();
        SegmentRepair repair = new SegmentRepair(header, link.file(), counted(link.file()), bounds(link, index), quarantine, terms.policy(),
                ofSegment);
        try {
            RecoveredTail tail = repair.repair();
            forgotten |= repair.isLossy();
            ofSegment.kept(tail.index().records(), tail.tail() - header.headerLength());
            return new Unfinished(repair.header(), link.file(), tail, index == chain.size() - 1);
        } finally {
            link.file().close();
            if (!ofSegment.isClean()) {
                listener.repaired(key, link.file().path(), ofSegment);
            }
            findings.addAll(ofSegment);
        }
    }

    private SegmentRepair.Bounds bounds(Link link, int index) {
        boolean hasSuccessor = index + 1 < chain.size();
        // a successor of this incarnation was created when the segment was known to be whole
        boolean sameIncarnation = isCurrent(link) || (hasSuccessor && isCurrent(chain.get(index + 1)));
        long knownEnd = hasSuccessor ? knownEnd(link.header(), chain.get(index + 1)) : SegmentRepair.Bounds.UNKNOWN;
        boolean isWholeDurable = knownEnd != SegmentRepair.Bounds.UNKNOWN && isProvenFrom(index + 1);
        return new SegmentRepair.Bounds(sameIncarnation, knownEnd, isWholeDurable ? Math.max(knownEnd, link.durable()) : link.durable());
    }

    /** Where a successor says that the data ends, if it says so of this segment: another one may be missing between. */
    private static long knownEnd(SegmentHeader header, Link successor) {
        long previousEnd = successor.header().previousEnd();
        if (successor.header().isFirst() || successor.behindGap()) {
            return SegmentRepair.Bounds.UNKNOWN;
        }
        if (previousEnd == header.previousEnd()) {
            return header.headerLength();
        }
        long offset = header.offsetOf(previousEnd);
        return offset >= header.headerLength() && offset <= header.capacity() ? offset : SegmentRepair.Bounds.UNKNOWN;
    }

    private SegmentBytes counted(SegmentFile file) {
        SegmentBytes bytes = StorageBytes.of(file);
        return new SegmentBytes() {

            @Override
            public int read(ByteBuffer target, long offset) throws IOException {
                int read = bytes.read(target, offset);
                listener.read(key, read);
                return read;
            }

            @Override
            public long size() throws IOException {
                return bytes.size();
            }
        };
    }

    /** Where the stream's data ends with a segment that has been repaired, or has a footer; in an empty one, where it had ended before. */
    private long endOf(int index) {
        Link link = chain.get(index);
        Footer footer = link.footer();
        int dataEnd = footer != null ? footer.dataEnd() : tailOf(link.header());
        return dataEnd == link.header().headerLength() ? link.header().previousEnd() : link.header().positionAt(dataEnd);
    }

    private int tailOf(SegmentHeader header) {
        for (int i = unfinished.size() - 1; i >= 0; i--) {
            if (unfinished.get(i).header().name().equals(header.name())) {
                return unfinished.get(i).tail().tail();
            }
        }
        throw new IllegalStateException("a segment is repaired before the next one is looked at: stream=" + key);
    }

    // ---------------------------------------------------------------- setting aside

    private void setAsideFrom(int index) throws IOException {
        while (chain.size() > index) {
            setAsideNewest();
        }
    }

    private void setAsideNewest() throws IOException {
        Link last = chain.remove(chain.size() - 1);
        setAside(last.header().name(), last.file());
    }

    /** A segment whose header never reached the disk, and all behind it. */
    private void setAsideFrom(Unreadable first, List<Unreadable> unreadable) throws IOException {
        for (int i = unreadable.size() - 1; i >= unreadable.indexOf(first); i--) {
            setAsideFrom(indexBehind(unreadable.get(i)));
            setAside(unreadable.get(i).name(), unreadable.get(i).file());
        }
    }

    /** To be called for the newest first: so what is left has no hole at any moment. Past the quarantine's limit it is deleted. */
    private void setAside(SegmentName name, SegmentFile file) throws IOException {
        long length = file.length();
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
        listener.repaired(key, repair.file(), one);
    }
}
