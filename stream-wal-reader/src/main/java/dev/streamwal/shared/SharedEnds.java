package dev.streamwal.shared;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentReader;
import dev.streamwal.segment.SegmentScan;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where each stream ends in shared segments, and nothing else: opening a log needs no more about the segments that wait to be packed. It takes memory for each
 * stream; a {@link SharedIndex} takes some for each record. Filled by one thread, then read by any.
 */
public final class SharedEnds implements SharedRecords {

    private static final int FIRST_STREAMS = 16;

    /** The words that each stream has. */
    private static final int WORDS = 4;
    private static final int BASE = 0;
    private static final int END = 1;
    private static final int WINDOW_START = 2;
    private static final int SEGMENT = 3;

    private final StreamTable table = new StreamTable();
    private final PendingSlots pending = new PendingSlots();
    private long[] words = new long[WORDS * FIRST_STREAMS];
    /** Base position of the segment being walked. */
    private long segment;
    private @Nullable Window newestWindow;
    private boolean isWhole = true;

    /**
     * The end of a stream.
     *
     * @param base position of its first record in any of the segments
     * @param position behind its last record
     * @param windowStartMillis of its last record
     */
    public record End(long base, long position, long windowStartMillis) {}

    /**
     * Adds the records of a segment, after those of all segments before it. From a damaged segment it adds the records that verify.
     */
    public void add(Segment shared, ChannelCache channels) throws IOException {
        SharedWalk walk = new SharedWalk(shared, this);
        try (SegmentReader reader = shared.open(channels); SegmentScan scan = new SegmentScan(reader, reader.header())) {
            walk.on(scan, reader.end());
            isWhole &= scan.isEnd() || scan.isEmpty();
        } catch (CorruptSegmentException e) {
            // its header is damaged: nobody knows what was in it
            isWhole = false;
        }
    }

    /**
     * Whether the ends of all streams are known. Else a stream may have records behind its end, or have records although none are known, so it has to go on
     * above all positions that were given.
     */
    public boolean isWhole() {
        return isWhole;
    }

    @Override
    public void begin(SegmentHeader header) {
        segment = header.basePosition();
    }

    @Override
    public void add(SegmentScan scan) {
        // a record that leads a batch has no stream; the batch's members have
        if (!RecordLayout.isControl(scan.flags()) && scan.headerLength() > 0 && !pending.add(scan)) {
            settle();
            boolean unused = pending.add(scan);
        }
    }

    @Override
    public void damaged() {
        isWhole = false;
    }

    @Override
    public void settle() {
        pending.decode();
        table.lookAhead(pending, number -> (int) words[WORDS * number + END]);
        for (int i = 0; i < pending.count(); i++) {
            if (pending.isStreams(i)) {
                add(pending.slot(i), i);
            }
        }
        pending.clear();
    }

    private void add(Slot read, int i) {
        Window window = read.window(pending.timestampMillis(i), newestWindow);
        newestWindow = window;
        int known = table.size();
        int number = table.findOrAdd(read.bytes(), read.keyOffset(), read.keyLength());
        if (number < 0) {
            return;
        }
        int at = WORDS * number;
        if (number == known) {
            words = at == words.length ? Arrays.copyOf(words, 2 * at) : words;
            words[at + BASE] = read.position();
        }
        words[at + END] = read.position() + RecordLayout.frameBytes(read.headerLength(), pending.contentLength(i) - read.headerLength());
        words[at + WINDOW_START] = window.startMillis();
        words[at + SEGMENT] = segment;
    }

    /** Whether no segment has any stream's records. */
    public boolean isEmpty() {
        return table.size() == 0;
    }

    /**
     * Where a stream ends; null if it has nothing in these segments.
     *
     * @param from base position of the first segment that counts
     */
    public @Nullable End find(StreamKey key, long from) {
        int number = table.find(key);
        return number < 0 || !counts(number, from) ? null
                : new End(words[WORDS * number + BASE], words[WORDS * number + END], words[WORDS * number + WINDOW_START]);
    }

    /** The streams that have something in the segments that begin at a position or behind it. */
    public List<StreamKey> keys(long from) {
        List<StreamKey> keys = new ArrayList<>();
        for (int number = 0; number < table.size(); number++) {
            if (counts(number, from)) {
                keys.add(table.key(number));
            }
        }
        return keys;
    }

    private boolean counts(int number, long from) {
        return words[WORDS * number + SEGMENT] >= from;
    }
}
