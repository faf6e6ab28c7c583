package dev.streamwal.source;

import dev.streamwal.format.NanoWalPosition;
import dev.streamwal.reader.WalClosedException;
import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Walks several prefixes, by timestamp: these are all the same, so one prefix after the other. It has one file open at a time, and
 * remembers where it is in each prefix. At the end of all of them it says that there is no more, for now; the call after begins another
 * round, with what was appended, and with the keys there are then. A file that is deleted between two rounds is told of, as nobody can say
 * whether something had been appended to it. One thread; close it.
 */
public final class NanoWalMerged implements RecordWalk {

    private final NanoWalDirectory source;
    private final Supplier<? extends Collection<String>> keys;
    private final Map<String, Long> positions;
    private final Queue<String> left = new ArrayDeque<>();
    private @Nullable NanoWalForward current;
    private boolean closed;

    /** @param from by key, where to begin; others from their first record */
    public NanoWalMerged(NanoWalDirectory source, Supplier<? extends Collection<String>> keys, Map<String, Long> from) {
        this.source = source;
        this.keys = keys;
        this.positions = new HashMap<>(from);
    }

    @Override
    public boolean next() {
        checkUsable();
        if (current == null && left.isEmpty()) {
            left.addAll(new TreeSet<>(keys.get()));
        }
        while (current != null || !left.isEmpty()) {
            NanoWalForward walk = current != null ? current : open(left.remove());
            current = walk;
            if (walk.next()) {
                return true;
            }
            positions.put(walk.key(), walk.nextPosition());
            walk.close();
            current = null;
        }
        return false;
    }

    private NanoWalForward open(String key) {
        Long position = positions.get(key);
        if (position == null) {
            return NanoWalForward.from(source, key, 0);
        }
        Optional<NanoWalFile> file = source.chain(key).at(position);
        return file.isPresent() ? NanoWalForward.from(source, file.get(), NanoWalPosition.offset(position)).tellingGaps()
                : NanoWalForward.from(source, key, position).tellingGaps();
    }

    @Override
    public void checkUsable() {
        if (closed) {
            throw new WalClosedException("a cursor is not used after it was closed", null, null, WalClosedException.NO_POSITION, null);
        }
        source.checkOpen();
    }

    /** Whether something may have come since {@link #next()} said that there is nothing: only another round can tell. */
    public boolean mayHaveMore() {
        checkUsable();
        return true;
    }

    /** By key, where a later walk goes on. */
    public Map<String, Long> positions() {
        Map<String, Long> now = new HashMap<>(positions);
        if (current != null) {
            now.put(current.key(), current.nextPosition());
        }
        return now;
    }

    private NanoWalForward onRecord() {
        NanoWalForward walk = current;
        if (walk == null) {
            checkUsable();
            throw new IllegalStateException("a walk has a record only after next() said so");
        }
        return walk;
    }

    @Override
    public String key() {
        return onRecord().key();
    }

    @Override
    public long position() {
        return onRecord().position();
    }

    @Override
    public int size() {
        return onRecord().size();
    }

    @Override
    public long timestampMillis() {
        return onRecord().timestampMillis();
    }

    @Override
    public int headerLength() {
        return onRecord().headerLength();
    }

    @Override
    public int contentLength() {
        return onRecord().contentLength();
    }

    @Override
    public void copyHeader(ByteBuf target) {
        onRecord().copyHeader(target);
    }

    @Override
    public void copyContent(ByteBuf target) {
        onRecord().copyContent(target);
    }

    @Override
    public byte[] copyBody() {
        return onRecord().copyBody();
    }

    /** In the stream of the record it stands on. */
    @Override
    public long nextPosition() {
        return onRecord().nextPosition();
    }

    @Override
    public void close() {
        closed = true;
        if (current != null) {
            current.close();
            current = null;
        }
    }
}
