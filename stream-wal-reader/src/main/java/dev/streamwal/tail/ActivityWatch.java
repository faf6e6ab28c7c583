package dev.streamwal.tail;

import dev.streamwal.format.ActivityLayout;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.IoFailure;
import dev.streamwal.io.SharedFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Which streams the writer has appended to, by the log's file {@code activity}, where there is one: {@link ActivityLayout} says why nothing is
 * missed. The file is read and never mapped, as whoever writes may cut or replace it. One that isn't whole, or can't be read, counts as
 * none. A new one, by the next writer, says nothing of what happened before, so then every stream is one that may have changed. One thread.
 */
final class ActivityWatch {

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final ChannelCache channels;
    private final Path file;

    /** By slot, the first of the streams there; none before there is a file. */
    private @Nullable FollowedStream[] streams = {};
    /** As it was read last; empty where there was none. */
    private ByteBuffer before = NOTHING;
    private ByteBuffer now = NOTHING;

    ActivityWatch(ChannelCache channels, Path root) {
        this.channels = channels;
        this.file = root.resolve(ActivityLayout.FILE_NAME);
    }

    /** Whether there was a file when it was looked for last. */
    boolean isThere() {
        return before.hasRemaining();
    }

    /**
     * Looks.
     *
     * @param all streams that are followed
     * @param changed is told of each that may have something new since the look before
     * @throws IOException where the process may open no more files, which says nothing about the streams; nothing has been looked at then
     */
    void look(Iterable<FollowedStream> all, Consumer<FollowedStream> changed) throws IOException {
        boolean isThere = read();
        if (!isThere) {
            if (isThere()) {
                before = NOTHING;
                all.forEach(changed);
            }
            return;
        }
        if (now.limit() != before.limit()
                || now.slice(0, ActivityLayout.HEADER_BYTES).mismatch(before.slice(0, ActivityLayout.HEADER_BYTES)) >= 0) {
            takeSlots(all);
            all.forEach(changed);
        } else {
            tellChanged(changed);
        }
        ByteBuffer older = before;
        before = now;
        now = older;
    }

    private boolean read() throws IOException {
        try (SharedFile bytes = channels.acquire(file)) {
            if (isThere() && read(bytes, before.limit())) {
                return true;
            }
            ByteBuffer header = ByteBuffer.allocate(ActivityLayout.HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
            int slots = ActivityLayout.slots(header, bytes.read(header, 0));
            return slots > 0 && read(bytes, ActivityLayout.bytes(slots));
        } catch (IOException e) {
            if (IoFailure.isTooManyOpenFiles(e)) {
                throw e;
            }
            // whatever has the name: without it there are the looks in turn, and they tell why nothing can be read, if so
            return false;
        }
    }

    /** All of it, with one call; false where it has another length, or isn't whole. */
    private boolean read(SharedFile bytes, int length) throws IOException {
        if (now.capacity() != length) {
            now = ByteBuffer.allocateDirect(length).order(ByteOrder.LITTLE_ENDIAN);
        }
        now.clear();
        int read = bytes.read(now, 0);
        now.clear();
        return read == length && ActivityLayout.bytes(ActivityLayout.slots(now, read)) == length;
    }

    private void tellChanged(Consumer<FollowedStream> changed) {
        int first = now.mismatch(before);
        if (first < 0) {
            return;
        }
        for (int offset = first & -Long.BYTES; offset < now.limit(); offset += Long.BYTES) {
            if (now.getLong(offset) != before.getLong(offset)) {
                int slot = (offset - ActivityLayout.HEADER_BYTES) / Long.BYTES;
                for (FollowedStream each = streams[slot]; each != null; each = each.nextInSlot) {
                    changed.accept(each);
                }
            }
        }
    }

    // ---- which stream has which slot

    private void takeSlots(Iterable<FollowedStream> all) {
        int slots = ActivityLayout.slots(now, now.limit());
        if (streams.length == slots) {
            return;
        }
        streams = new FollowedStream[slots];
        all.forEach(this::add);
    }

    void add(FollowedStream stream) {
        if (streams.length > 0) {
            int slot = ActivityLayout.slot(stream.hash(), streams.length);
            stream.nextInSlot = streams[slot];
            streams[slot] = stream;
        }
    }

    void remove(FollowedStream stream) {
        if (streams.length == 0) {
            return;
        }
        int slot = ActivityLayout.slot(stream.hash(), streams.length);
        FollowedStream first = streams[slot];
        if (stream.equals(first)) {
            streams[slot] = stream.nextInSlot;
            return;
        }
        for (FollowedStream each = first; each != null; each = each.nextInSlot) {
            if (stream.equals(each.nextInSlot)) {
                each.nextInSlot = stream.nextInSlot;
            }
        }
    }
}
