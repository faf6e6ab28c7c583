package dev.streamwal.bench.compare;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/** Records of several streams by their numbers, which is by their times: what a program does over a log that gives stream after stream. */
final class MergedCursor extends RecordCursor {

    /** Opens the records of one stream. */
    @FunctionalInterface
    interface OfStream {
        RecordCursor open(int stream) throws Exception;
    }

    /** A stream, at its next record. */
    private record Head(RecordCursor cursor, long number) implements Comparable<Head> {
        @Override
        public int compareTo(Head other) {
            return Long.compare(number, other.number);
        }
    }

    private final List<RecordCursor> cursors = new ArrayList<>();
    private final PriorityQueue<Head> queue = new PriorityQueue<>();
    private @Nullable Head current;

    private MergedCursor() {}

    static RecordCursor of(int first, int end, OfStream streams) throws Exception {
        MergedCursor merged = new MergedCursor();
        for (int stream = first; stream < end; stream++) {
            RecordCursor cursor = streams.open(stream);
            merged.cursors.add(cursor);
            merged.moveOn(cursor);
        }
        return merged;
    }

    private void moveOn(RecordCursor cursor) throws Exception {
        if (cursor.next()) {
            queue.add(new Head(cursor, Tally.number(cursor.content())));
        }
    }

    @Override
    boolean next() throws Exception {
        if (current != null) {
            moveOn(current.cursor);
        }
        current = queue.poll();
        return current != null;
    }

    private RecordCursor current() {
        if (current == null) {
            throw new IllegalStateException("behind the last record");
        }
        return current.cursor;
    }

    @Override
    int stream() {
        return current().stream();
    }

    @Override
    int length() {
        return current().length();
    }

    @Override
    byte[] content() {
        return current().content();
    }

    @Override
    public void close() throws IOException {
        for (RecordCursor each : cursors) {
            each.close();
        }
    }
}
