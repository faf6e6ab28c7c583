package dev.streamwal.nanowal;

import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.format.NanoWalPosition;
import dev.streamwal.walk.TailWalk;
import dev.streamwal.walk.WalkOfWalks;
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
 * Walks several prefixes, in the order of timestamps: nano-wal records have none, so one prefix after the other. It has one file open at a
 * time, and remembers its position in each prefix. At the end of all prefixes {@link #next()} returns false; the call after it begins
 * another round, with new records and new keys. A file that is deleted between two rounds is reported, because records may have been appended to it
 * after the first of them. One thread; close it.
 */
public final class NanoWalMerged extends WalkOfWalks implements TailWalk {

    private final NanoWalDirectory source;
    private final Supplier<? extends Collection<String>> keys;
    private final Map<String, Long> positions;
    private final Queue<String> left = new ArrayDeque<>();
    private @Nullable NanoWalForward current;
    private boolean closed;

    /** @param from by key, the position where to begin; other keys begin at their first record */
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
            long before = walk.nextPosition();
            try {
                if (walk.next()) {
                    return true;
                }
            } catch (WalIOException e) {
                if (walk.nextPosition() == before) {
                    // a prefix that can't be read for now is tried again in the next round, and the others needn't wait for it
                    leave(walk);
                }
                throw e;
            }
            leave(walk);
        }
        return false;
    }

    private void leave(NanoWalForward walk) {
        positions.put(walk.key(), walk.nextPosition());
        walk.close();
        current = null;
    }

    private NanoWalForward open(String key) {
        Long position = positions.get(key);
        if (position == null) {
            return NanoWalForward.from(source, key, 0);
        }
        Optional<NanoWalFile> file = source.chain(key).at(position);
        NanoWalForward walk = file.isPresent() ? NanoWalForward.from(source, file.get(), NanoWalPosition.offset(position))
                : NanoWalForward.from(source, key, position);
        return walk.tellingGaps();
    }

    @Override
    public void checkUsable() {
        if (closed) {
            throw new WalClosedException("cursor is closed; open another one", null, null, WalClosedException.NO_POSITION, null);
        }
        source.checkOpen();
    }

    /** Always true: only another round finds out. */
    @Override
    public boolean mayHaveMore() {
        checkUsable();
        return true;
    }

    /** Does nothing: between two rounds there is no memory to release. */
    @Override
    public void settle() {
        // the file was closed at its end
    }

    @Override
    public Map<String, Long> positions() {
        Map<String, Long> now = new HashMap<>(positions);
        if (current != null) {
            now.put(current.key(), current.nextPosition());
        }
        return now;
    }

    @Override
    protected NanoWalForward onRecord() {
        NanoWalForward walk = current;
        if (walk == null) {
            checkUsable();
            throw new IllegalStateException("cursor is on no record; call next() first, until it returns true");
        }
        return walk;
    }

    @Override
    public void close() {
        closed = true;
        NanoWalForward walk = current;
        if (walk != null) {
            leave(walk);
        }
    }
}
