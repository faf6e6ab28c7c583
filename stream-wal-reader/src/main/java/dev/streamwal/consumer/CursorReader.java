package dev.streamwal.consumer;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.CursorHeader;
import dev.streamwal.format.CursorLayout;
import dev.streamwal.format.FormatException;
import dev.streamwal.io.LogFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads a consumer's cursor file, and afterwards only the entries added to it. Reading needs no lock: an entry that is being written doesn't verify
 * yet, and ends the reading until the next {@link #refresh()}. A file that replaced the old one has another salt, and is read from its beginning.
 * Not thread-safe.
 */
public final class CursorReader {

    /** Room for several entries, and for most headers. Small, because the JDK keeps a buffer of this size for each thread that reads. */
    private static final int CHUNK_BYTES = 16 << 10;

    private final Path file;
    private @Nullable CursorState state;
    private boolean trailing;

    /** @param file which needn't exist */
    public CursorReader(Path file) {
        this.file = file;
    }

    public Path file() {
        return file;
    }

    /**
     * Reads the entries that were added, or all of a file that replaced the one before.
     *
     * @return whether the state has changed
     * @throws CorruptSegmentException if the file's header is damaged, or another consumer's; the state read before stays
     * @throws UnsupportedFormatException if a newer version wrote it
     */
    public boolean refresh() throws IOException {
        CursorState stateBefore = state;
        long endBefore = stateBefore == null ? 0 : stateBefore.end();
        try (LogFile open = LogFile.reading(file)) {
            open.together(this::readOn);
        } catch (NoSuchFileException e) {
            state = null;
            trailing = false;
        }
        return state != stateBefore || (state != null && state.end() != endBefore);
    }

    /** If it is repeated after an interrupt, it goes on where it was. */
    private void readOn(LogFile.Opened open) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        CursorHeader header = readHeader(open, chunk);
        if (state == null || !state.header().equals(header)) {
            state = new CursorState(header);
        }
        readEntries(open, chunk, state);
        trailing = open.size() > state.end();
    }

    private CursorHeader readHeader(LogFile.Opened open, ByteBuffer chunk) throws IOException {
        fill(open, chunk, 0);
        ByteBuffer first = chunk;
        if (CursorLayout.headerBytesAt(chunk) > chunk.capacity()) {
            first = ByteBuffer.allocate(CursorLayout.headerBytesAt(chunk));
            fill(open, first, 0);
        }
        try {
            CursorHeader header = CursorLayout.decodeHeader(first);
            if (!header.name().directoryName().equals(CursorFiles.encodedName(file))) {
                throw FormatException.corrupt("cursor file's header names another consumer than its file name: consumer="
                        + header.name());
            }
            return header;
        } catch (FormatException e) {
            String what = e.at("file=" + file + ", offset=0");
            if (e.isUnsupported()) {
                throw new UnsupportedFormatException(what, file, null, WalException.NO_POSITION, e);
            }
            throw new CorruptSegmentException(what + "; put the file back from a copy, or remove the consumer, which then begins again",
                    file, null, WalException.NO_POSITION, 0, chunk.limit(), e);
        }
    }

    private static void readEntries(LogFile.Opened open, ByteBuffer chunk, CursorState into) throws IOException {
        int index;
        do {
            fill(open, chunk, into.end());
            index = 0;
            int bytes = CursorLayout.entryBytesAt(chunk, index, into.header().salt(), into.end());
            while (bytes > 0) {
                into.add(CursorLayout.key(chunk, index),
                        new Committed(CursorLayout.position(chunk, index), CursorLayout.committedAtMillis(chunk, index)), bytes);
                index += bytes;
                bytes = CursorLayout.entryBytesAt(chunk, index, into.header().salt(), into.end());
            }
        } while (index > 0);
    }

    private static void fill(LogFile.Opened open, ByteBuffer chunk, long offset) throws IOException {
        int unused = open.read(chunk.clear(), offset);
        chunk.flip();
    }

    /** Empty if there is no file. */
    public Optional<CursorHeader> header() {
        return Optional.ofNullable(state).map(CursorState::header);
    }

    /** By key; empty if there is no file. */
    public Map<String, Committed> commits() {
        return state == null ? Map.of() : state.commits();
    }

    /** Null if there is no file. */
    @Nullable CursorState state() {
        return state;
    }

    /** Whether bytes follow the last entry that verifies: an entry that is torn, or being written. */
    boolean isTrailed() {
        return trailing;
    }
}
