package dev.streamwal.reader;

import dev.streamwal.catalog.ListedSegments;
import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.PacksAtCall;
import dev.streamwal.catalog.SegmentCatalog;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.RecordView;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Visibility;
import dev.streamwal.lookup.PositionLookup;
import dev.streamwal.lookup.ReadPlan;
import dev.streamwal.lookup.RefJudge;
import dev.streamwal.reader.EntryBatch.Status;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentEnd;
import dev.streamwal.segment.SegmentReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads a part of a batch: groups its refs by stream and by segment, sorts them by offset, reads neighbours with one call, and verifies every record
 * in the buffer that it was read into. Refs that aren't found at once are looked up again in a fresh listing; for those still missing it finds out
 * why. Stops early if the pace says that the disk is slow: the refs without an answer are left to others. One use, one thread.
 */
final class PartRead {

    /** A listing doesn't help only if segments are deleted right after it. */
    private static final int MAX_LISTINGS = 16;

    private final LogSource log;
    private final BatchAnswers answers;
    private final int[] part;
    private final ReadPace pace;

    private final EntryRef[] refs;
    private final Status[] statuses;
    private final long[] places;
    private final int[] sizes;
    private final long[] positions;

    private @Nullable BatchRoom current;
    private long unreadBytes;
    private boolean isCutShort;

    private final RecordView view = new RecordView();
    private final ReadPlan plan;
    private final PacksAtCall packs;
    private final long[] packed;
    private int[] misses;
    private int missCount;

    /** @param part the indexes of its refs in the batch */
    PartRead(LogSource log, BatchAnswers answers, int[] part, ReadPace pace) {
        this.log = log;
        this.answers = answers;
        this.part = part;
        this.pace = pace;
        this.refs = answers.refs;
        this.statuses = answers.statuses;
        this.places = answers.places;
        this.sizes = answers.sizes;
        this.positions = answers.positions;
        this.packed = new long[part.length];
        this.misses = new int[part.length];
        this.packs = new PacksAtCall(log);
        this.plan = new ReadPlan(log.settings().mergeGapBytes());
        for (int index : part) {
            unreadBytes += sizes[index];
        }
    }

    /** Answers the refs; all of them unless it {@link #isCutShort() was cut short}. */
    void run() {
        if (answers.oneStream) {
            readStream(part);
            return;
        }
        Map<String, List<Integer>> byStream = new LinkedHashMap<>();
        for (int index : part) {
            byStream.computeIfAbsent(refs[index].key(), stream -> new ArrayList<>()).add(index);
        }
        for (List<Integer> indexes : byStream.values()) {
            if (isCutShort) {
                return;
            }
            readStream(indexes.stream().mapToInt(Integer::intValue).toArray());
        }
    }

    /** Whether it stopped before all its refs had an answer. */
    boolean isCutShort() {
        return isCutShort;
    }

    /** Gives back memory that it took and didn't use. */
    void giveBack() {
        if (current != null) {
            answers.memory.giveBack(current);
            current = null;
        }
    }

    private void readStream(int[] indexes) {
        if (indexes.length == 0) {
            return;
        }
        String stream = refs[indexes[0]].key();
        try {
            SegmentCatalog catalog = log.catalog(stream);
            readFrom(catalog.chain(), indexes);
            if (missCount > 0 && !isCutShort) {
                readAnew(stream);
            }
        } catch (IOException e) {
            throw log.failure("reading records", e, log.streams().of(StreamKey.of(stream)), stream, WalException.NO_POSITION);
        }
    }

    /** Lists the stream again: a missing record may have been written, or deleted, since the last listing. */
    private void readAnew(String stream) throws IOException {
        for (int listing = 1; ; listing++) {
            ListedSegments chain = log.freshCatalog(stream).chain();
            readFrom(chain, Arrays.copyOf(misses, missCount));
            if (isCutShort) {
                return;
            }
            int[] left = Arrays.copyOf(misses, missCount);
            try {
                explain(chain, left);
                return;
            } catch (NoSuchFileException e) {
                if (listing == MAX_LISTINGS) {
                    throw e;
                }
                // into the same array: another stream may miss more
                System.arraycopy(left, 0, misses, 0, left.length);
                missCount = left.length;
            }
        }
    }

    // ---- reading

    /** Reads the records that are in the chain's segments, and leaves the other refs in {@link #misses}. */
    private void readFrom(ListedSegments chain, int[] indexes) throws IOException {
        missCount = 0;
        int count = indexes.length;
        long least = Long.MAX_VALUE;
        long greatest = 0;
        for (int index : indexes) {
            least = Math.min(least, positions[index]);
            greatest = Math.max(greatest, positions[index]);
        }
        int segment = chain.floor(least);
        if (segment >= 0 && greatest < chain.nextBase(segment)) {
            readSegment(chain.get(segment), indexes, count);
            return;
        }
        long[] bySegment = sortBySegment(chain, indexes);
        int[] group = new int[count];
        int from = 0;
        while (from < count && !isCutShort) {
            int at = (int) ReadPlan.offset(bySegment[from]) - 1;
            int size = 0;
            while (from < count && (int) ReadPlan.offset(bySegment[from]) - 1 == at) {
                group[size++] = ReadPlan.index(bySegment[from++]);
            }
            if (at < 0) {
                missUnread(group, size);
            } else {
                readSegment(chain.get(at), group, size);
            }
        }
    }

    /** Packs, for each ref, the index of its segment in the chain plus 1; 0 if no segment has the position. */
    private long[] sortBySegment(ListedSegments chain, int[] indexes) {
        long[] bySegment = new long[indexes.length];
        for (int i = 0; i < indexes.length; i++) {
            bySegment[i] = ReadPlan.pack(chain.floor(positions[indexes[i]]) + 1L, indexes[i]);
        }
        Arrays.sort(bySegment);
        return bySegment;
    }

    private void readSegment(Segment segment, int[] indexes, int count) throws IOException {
        int missedBefore = missCount;
        try (SegmentReader reader = packs.open(segment)) {
            readSegment(reader, indexes, count);
        } catch (NoSuchFileException e) {
            // it can vanish while it is being read: an interrupt closes its channel, and by then the file may be gone
            missCount = missedBefore;
            missUnread(indexes, count);
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            for (int i = 0; i < count; i++) {
                answers.fail(indexes[i], e);
            }
        }
    }

    private void readSegment(SegmentReader reader, int[] indexes, int count) throws IOException {
        SegmentHeader header = reader.header();
        int planned = 0;
        long shift = header.headerLength() - header.basePosition();
        long end = 0;
        for (int i = 0; i < count; i++) {
            if (isNear(header, indexes[i])) {
                end = Math.max(end, positions[indexes[i]] + sizes[indexes[i]]);
            }
        }
        long size = reader.sizeFor(end + shift);
        for (int i = 0; i < count; i++) {
            int index = indexes[i];
            long offset = positions[index] + shift;
            if (isNear(header, index) && offset <= size - sizes[index] && offset % RecordLayout.ALIGNMENT == 0) {
                packed[planned++] = ReadPlan.pack(offset, index);
            } else {
                miss(index);
            }
        }
        Arrays.sort(packed, 0, planned);
        plan.plan(packed, planned, sizes);
        if (plan.totalBytes() > size) {
            // records don't overlap, so some of these refs are invented; they must not decide how much is allocated
            planned = keepFramed(reader, planned);
            plan.plan(packed, planned, sizes);
        }
        if (plan.totalBytes() > answers.memory.left()) {
            // the records fit, as was checked, but the gaps between them may not
            plan.planTightly(packed, planned, sizes);
        }
        for (int run = 0; run < plan.runs() && !isCutShort; run++) {
            readRun(reader, header, run);
            isCutShort = pace.isSlow(plan.length(run));
        }
    }

    /** Whether a segment with this header may reach to the ref. The offset of an invented ref may be too large to compute with. */
    private boolean isNear(SegmentHeader header, int index) {
        return positions[index] - header.basePosition() <= Integer.MAX_VALUE;
    }

    /** Keeps the refs at which a frame of that size stands, judged by its prefix; the others are missed. */
    private int keepFramed(SegmentReader reader, int planned) throws IOException {
        ByteBuffer prefix = ByteBuffer.allocate(RecordLayout.PREFIX_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        int kept = 0;
        for (int i = 0; i < planned; i++) {
            int index = ReadPlan.index(packed[i]);
            prefix.clear();
            boolean framed = reader.read(prefix, ReadPlan.offset(packed[i])) == RecordLayout.PREFIX_BYTES
                    && view.peek(prefix, 0, sizes[index], 0) == RecordView.Verdict.VALID
                    && view.frameBytes() == sizes[index];
            if (framed) {
                packed[kept++] = packed[i];
            } else {
                miss(index);
            }
        }
        return kept;
    }

    private void readRun(SegmentReader reader, SegmentHeader header, int run) throws IOException {
        int length = plan.length(run);
        BatchRoom room = room(length, run);
        ByteBuffer target = room.bytes();
        int start = room.used();
        target.limit(start + length).position(start);
        int read = reader.read(target, plan.offset(run));
        target.clear();
        boolean isFound = false;
        long inBuffer = start - plan.offset(run);
        long buffer = (long) room.buffer() << 32;
        long salt = header.salt();
        long toPosition = header.basePosition() - header.headerLength();
        for (int i = plan.firstRef(run); i < plan.endRef(run); i++) {
            int index = ReadPlan.index(packed[i]);
            long offset = ReadPlan.offset(packed[i]);
            int at = (int) (offset + inBuffer);
            if (i > plan.firstRef(run) && offset == ReadPlan.offset(packed[i - 1])
                    && sizes[index] == sizes[ReadPlan.index(packed[i - 1])]
                    && statuses[ReadPlan.index(packed[i - 1])] == Status.FOUND) {
                // a duplicate: one checksum is enough
                statuses[index] = Status.FOUND;
                places[index] = buffer | at;
            } else if (isRecord(target, at, start + read - at, sizes[index], offset + toPosition, salt)) {
                statuses[index] = Status.FOUND;
                places[index] = buffer | at;
                unreadBytes -= sizes[index];
                isFound = true;
            } else {
                miss(index);
            }
        }
        // nothing was found: the next run may overwrite it
        if (isFound) {
            room.use(length);
        }
    }

    private boolean isRecord(ByteBuffer target, int at, int available, int size, long position, long salt) {
        return available >= size
                && view.check(target, at, size, position, salt) == RecordView.Verdict.VALID
                && view.frameBytes() == size
                && view.visibility() == Visibility.SHOWN;
    }

    /** Room for the run; sizes have been checked against the file by now. */
    private BatchRoom room(int length, int run) {
        BatchRoom open = current;
        if (open == null || open.left() < length) {
            open = answers.memory.room(length, Math.max(unreadBytes, bytesFrom(run)));
            current = open;
        }
        return open;
    }

    private long bytesFrom(int firstRun) {
        long bytes = 0;
        for (int run = firstRun; run < plan.runs(); run++) {
            bytes += plan.length(run);
        }
        return bytes;
    }

    // ---- refs that weren't found

    private void miss(int index) {
        misses[missCount++] = index;
    }

    private void missUnread(int[] indexes, int count) {
        for (int i = 0; i < count; i++) {
            if (statuses[indexes[i]] == null) {
                miss(indexes[i]);
            }
        }
    }

    private void explain(ListedSegments chain, int[] left) throws IOException {
        long[] bySegment = sortBySegment(chain, left);
        PositionLookup lookup = new PositionLookup(log, chain);
        int from = 0;
        while (from < bySegment.length) {
            int at = (int) ReadPlan.offset(bySegment[from]) - 1;
            int to = from;
            while (to < bySegment.length && (int) ReadPlan.offset(bySegment[to]) - 1 == at) {
                to++;
            }
            if (at < 0) {
                for (int i = from; i < to; i++) {
                    int index = ReadPlan.index(bySegment[i]);
                    settle(index, lookup.beforeFirst(positions[index]));
                }
            } else {
                explainIn(chain, at, lookup, bySegment, from, to);
            }
            from = to;
        }
    }

    private void explainIn(ListedSegments chain, int at, PositionLookup lookup, long[] bySegment, int from, int to) throws IOException {
        try (SegmentReader reader = chain.get(at).open(log.channels())) {
            if (reader.isReplaced()) {
                for (int i = from; i < to; i++) {
                    settle(ReadPlan.index(bySegment[i]), PositionLookup.Whereabouts.EXPIRED);
                }
                return;
            }
            reader.forgetOldFooter();
            SegmentEnd end = lookup.end(reader, at);
            int inside = 0;
            for (int i = from; i < to; i++) {
                int index = ReadPlan.index(bySegment[i]);
                long position = positions[index];
                PositionLookup.Whereabouts whereabouts = lookup.in(reader, end, at, position);
                if (whereabouts == PositionLookup.Whereabouts.IN_SEGMENT) {
                    packed[inside++] = ReadPlan.pack(reader.header().offsetOf(position), index);
                } else {
                    settle(index, whereabouts);
                }
            }
            Arrays.sort(packed, 0, inside);
            judge(reader, end, inside);
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            for (int i = from; i < to; i++) {
                answers.fail(ReadPlan.index(bySegment[i]), e);
            }
        }
    }

    private void judge(SegmentReader reader, SegmentEnd end, int count) throws IOException {
        try (RefJudge judge = new RefJudge(reader, end)) {
            for (int i = 0; i < count; i++) {
                int index = ReadPlan.index(packed[i]);
                switch (judge.judge(ReadPlan.offset(packed[i]))) {
                    case DAMAGED -> answers.fail(index, damaged(reader, ReadPlan.offset(packed[i]), refs[index]));
                    case TOO_NEW -> answers.fail(index, tooNew(reader, refs[index]));
                    case RECORD, NO_RECORD, END -> statuses[index] = Status.NOT_FOUND;
                }
            }
        }
    }

    private void settle(int index, PositionLookup.Whereabouts whereabouts) {
        statuses[index] = whereabouts == PositionLookup.Whereabouts.EXPIRED ? Status.EXPIRED : Status.NOT_FOUND;
    }

    private static CorruptSegmentException damaged(SegmentReader reader, long offset, EntryRef ref) {
        return new CorruptSegmentException(
                "record is damaged: ref=" + ref + ", file=" + reader.segment() + ", offset="
                        + reader.segment().fileOffset(offset) + "; the stream's other records can be read, and verify() lists the damage",
                reader.segment().file(), ref.key(), ref.position(), reader.segment().fileOffset(offset), ref.size(), null);
    }

    private static UnsupportedFormatException tooNew(SegmentReader reader, EntryRef ref) {
        return new UnsupportedFormatException(
                "record has flags that this version does not know: ref=" + ref + ", file=" + reader.segment()
                        + "; read it with the version that wrote it, or a newer one",
                reader.segment().file(), ref.key(), ref.position(), null);
    }
}
