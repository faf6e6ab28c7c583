package dev.streamwal.reader;

import dev.streamwal.encryption.LogKeys;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.NanoWalLayout;
import dev.streamwal.format.NanoWalPosition;
import dev.streamwal.io.SharedFile;
import dev.streamwal.lookup.ReadPlan;
import dev.streamwal.nanowal.NanoWalChain;
import dev.streamwal.nanowal.NanoWalDirectory;
import dev.streamwal.nanowal.NanoWalFailures;
import dev.streamwal.nanowal.NanoWalFile;
import dev.streamwal.nanowal.NanoWalPlaces;
import dev.streamwal.nanowal.NanoWalScan;
import dev.streamwal.reader.EntryBatch.Status;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Reads one batch of records from nano-wal files. Refs tell their records' sizes, so neighbours are read with one call. If a ref's signature and
 * lengths aren't found at its position, the file is walked to find the record or the reason. One use.
 */
final class NanoWalBatchRead {

    /** For a ref whose size doesn't tell the record's length. */
    private static final int UNKNOWN = -1;

    private final NanoWalDirectory source;
    private final LogKeys keys;
    private final EntryRef[] refs;
    private final Status[] statuses;
    private final long[] places;
    /** Of the frames, by the refs' indexes. */
    private final int[] lengths;
    private final BatchAnswers answers;
    private final ReadPlan plan;

    NanoWalBatchRead(NanoWalDirectory source, LogKeys keys, EntryRef[] refs) {
        this.keys = keys;
        this.source = source;
        this.answers = new BatchAnswers(refs, source.settings().maxBatchBytes());
        this.refs = refs;
        this.statuses = answers.statuses;
        this.places = answers.places;
        this.lengths = Arrays.stream(answers.sizes).map(NanoWalPosition::frameBytes).toArray();
        this.plan = new ReadPlan(source.settings().mergeGapBytes());
    }

    EntryBatch run() {
        answers.memory.check(refs, lengths);
        try {
            byFile().forEach(this::readFile);
            return new EntryBatch(answers, FrameShape.NANO_WAL, keys);
        } catch (Throwable e) {
            answers.memory.release();
            throw e;
        }
    }

    private record FileOfKey(String key, int ordinal) implements Comparable<FileOfKey> {
        @Override
        public int compareTo(FileOfKey other) {
            int byKey = key.compareTo(other.key);
            return byKey != 0 ? byKey : Integer.compare(ordinal, other.ordinal);
        }
    }

    private Map<FileOfKey, List<Integer>> byFile() {
        Map<FileOfKey, List<Integer>> byFile = new TreeMap<>();
        for (int i = 0; i < refs.length; i++) {
            byFile.computeIfAbsent(new FileOfKey(refs[i].key(), NanoWalPosition.ordinal(refs[i].position())), key -> new ArrayList<>()).add(i);
        }
        return byFile;
    }

    private void readFile(FileOfKey place, List<Integer> indexes) {
        try {
            Optional<NanoWalFile> file = source.chain(place.key).at(NanoWalPosition.base(place.ordinal));
            NanoWalChain chain = file.isPresent() ? source.chain(place.key) : source.freshChain(place.key);
            file = chain.at(NanoWalPosition.base(place.ordinal));
            if (file.isEmpty()) {
                settle(indexes, place.ordinal < chain.nextOrdinal() ? Status.EXPIRED : Status.NOT_FOUND);
                return;
            }
            readFile(file.get(), indexes);
        } catch (IOException e) {
            throw source.failure("reading records", e, source.path(), place.key, WalException.NO_POSITION);
        }
    }

    private void readFile(NanoWalFile file, List<Integer> indexes) throws IOException {
        try (SharedFile bytes = file.open(source.channels())) {
            long[] missed = readPlanned(bytes, indexes);
            if (missed.length > 0) {
                lookFor(file, bytes, missed);
            }
        } catch (NoSuchFileException e) {
            settle(indexes, Status.EXPIRED);
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            indexes.forEach(index -> answers.fail(index, e));
        }
    }

    private void settle(List<Integer> indexes, Status status) {
        indexes.forEach(index -> statuses[index] = status);
    }

    // ---- where the refs say

    /** Reads what the refs point to. Returns the missed refs, packed and in ascending order. */
    private long[] readPlanned(SharedFile bytes, List<Integer> indexes) throws IOException {
        long fileBytes = bytes.size();
        long[] packed = new long[indexes.size()];
        long[] missed = new long[indexes.size()];
        int planned = 0;
        int misses = 0;
        for (int index : indexes) {
            long offset = NanoWalPosition.offset(refs[index].position());
            if (offset < 0) {
                statuses[index] = Status.NOT_FOUND;
            } else if (lengths[index] != UNKNOWN && offset + lengths[index] <= fileBytes) {
                packed[planned++] = ReadPlan.pack(offset, index);
            } else {
                missed[misses++] = ReadPlan.pack(offset, index);
            }
        }
        Arrays.sort(packed, 0, planned);
        plan.plan(packed, planned, lengths);
        // records don't overlap: if the refs add up to more than the file, some are invented, and must not decide how much is allocated
        boolean isSound = plan.totalBytes() <= fileBytes;
        if (plan.totalBytes() > answers.memory.left()) {
            // the gaps between the records may not fit
            plan.planTightly(packed, planned, lengths);
        }
        for (int run = 0; run < plan.runs(); run++) {
            if (isSound) {
                readRun(bytes, packed, run);
            }
            for (int i = plan.firstRef(run); i < plan.endRef(run); i++) {
                if (statuses[ReadPlan.index(packed[i])] == null) {
                    missed[misses++] = packed[i];
                }
            }
        }
        missed = Arrays.copyOf(missed, misses);
        Arrays.sort(missed);
        return missed;
    }

    private void readRun(SharedFile bytes, long[] packed, int run) throws IOException {
        int length = plan.length(run);
        ByteBuffer target = newBuffer(length);
        int read = bytes.read(target, plan.offset(run));
        for (int i = plan.firstRef(run); i < plan.endRef(run); i++) {
            int index = ReadPlan.index(packed[i]);
            int at = (int) (ReadPlan.offset(packed[i]) - plan.offset(run));
            if (isFrame(target, at, read, lengths[index])) {
                found(index, at);
            }
        }
    }

    /**
     * Whether a frame of that length stands there. In a frame of the older form, the content length is moved in front of the header, where the
     * batch's entries expect it.
     */
    private static boolean isFrame(ByteBuffer target, int at, int limit, int length) {
        if (limit - at < length || !NanoWalLayout.isRecord(target, at)) {
            return false;
        }
        int headerLength = NanoWalLayout.headerLength(target, at);
        if (NanoWalLayout.checkedFrameBytes(headerLength, NanoWalLayout.contentLength(target, at), length) == length) {
            return true;
        }
        boolean isOlder = length >= NanoWalLayout.PREFIX_BYTES + headerLength && NanoWalLayout.checkedFrameBytes(
                headerLength, NanoWalLayout.contentLengthBehind(target, at, headerLength), length) == length;
        if (isOlder) {
            NanoWalLayout.putLengthInFront(target, at, headerLength);
        }
        return isOlder;
    }

    /** The last of the batch's buffers; its length has been checked against the file. */
    private ByteBuffer newBuffer(int length) {
        return answers.memory.allocate(length).nioBuffer(0, length).order(ByteOrder.LITTLE_ENDIAN);
    }

    private void found(int index, int at) {
        statuses[index] = Status.FOUND;
        places[index] = (long) (answers.memory.buffers().size() - 1) << 32 | at;
    }

    // ---- refs that don't point to a record, or don't tell its length

    private void lookFor(NanoWalFile file, SharedFile bytes, long[] missed) throws IOException {
        try (NanoWalPlaces known = new NanoWalPlaces(file, bytes, source.settings().scanBufferBytes())) {
            boolean isDamaged = known.end().isDamaged(source.freshChain(file.key()).isNewest(file));
            for (int i = 0; i < missed.length; i++) {
                int index = ReadPlan.index(missed[i]);
                long offset = ReadPlan.offset(missed[i]);
                if (known.isRecord(offset)) {
                    readOne(bytes, known.scan(), index, i > 0 ? missed[i - 1] : -1);
                } else if (offset >= known.end().offset() && isDamaged && offset < known.end().fileBytes()) {
                    answers.fail(index, NanoWalFailures.damaged(file, known.end()));
                } else {
                    statuses[index] = Status.NOT_FOUND;
                }
            }
        }
    }

    private void readOne(SharedFile bytes, NanoWalScan record, int index, long before) throws IOException {
        if (NanoWalPosition.size(record.frameBytes()) != refs[index].size()) {
            statuses[index] = Status.NOT_FOUND;
            return;
        }
        if (before >= 0 && ReadPlan.offset(before) == record.offset() && statuses[ReadPlan.index(before)] == Status.FOUND) {
            statuses[index] = Status.FOUND;
            places[index] = places[ReadPlan.index(before)];
            return;
        }
        int length = (int) record.frameBytes();
        answers.memory.checkLength(length);
        ByteBuffer target = newBuffer(length);
        if (isFrame(target, 0, bytes.read(target, record.offset()), length)) {
            found(index, 0);
        } else {
            statuses[index] = Status.NOT_FOUND;
        }
    }
}
