package dev.streamwal.nanowal;

import dev.streamwal.error.WalClosedException;
import dev.streamwal.format.NanoWalPosition;
import dev.streamwal.io.SharedFile;
import dev.streamwal.segment.WalkedRecord;
import dev.streamwal.walk.RecordWalk;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A walk through the records of a prefix; the subclass decides the direction. It has at most one file open. */
abstract class NanoWalWalk implements RecordWalk, WalkedRecord {

    final NanoWalDirectory source;
    final String key;

    @Nullable NanoWalFile file;
    private @Nullable SharedFile bytes;
    private @Nullable NanoWalScan scan;
    /** The scan's offset and the file's length when the scan's memory was released. */
    private long restingOffset;
    private long restingBytes;

    long resume;
    private boolean onRecord;
    private boolean closed;

    NanoWalWalk(NanoWalDirectory source, String key) {
        this.source = source;
        this.key = key;
    }

    /** Goes to the next record, and loads it; false if there is none yet. */
    abstract boolean step() throws IOException;

    @Override
    public boolean next() {
        checkUsable();
        onRecord = false;
        try {
            onRecord = step();
            return onRecord;
        } catch (IOException e) {
            throw source.failure("reading a nano-wal file", e, file == null ? source.path() : file.path(), key, resume);
        }
    }

    @Override
    public void checkUsable() {
        if (closed) {
            throw new WalClosedException("cursor is closed: stream=" + key + "; open another one", null, key, resume, null);
        }
        source.checkOpen();
    }

    // ---- from file to file

    /** Opens the file, and closes the one before. If that fails, it stands in no file. */
    NanoWalFile.Header enter(NanoWalFile next) throws IOException {
        leave();
        file = next;
        try {
            SharedFile opened = next.open(source.channels());
            bytes = opened;
            scan = new NanoWalScan(opened, source.settings().scanBufferBytes());
            return next.header(opened);
        } catch (IOException | RuntimeException e) {
            leave();
            throw e;
        }
    }

    boolean isInFile() {
        return bytes != null;
    }

    /** Releases the memory until {@link #wake()}. */
    void rest() {
        NanoWalScan resting = scan;
        if (resting != null) {
            restingOffset = resting.resumeOffset();
            restingBytes = resting.fileBytes();
            resting.close();
            scan = null;
        }
    }

    void wake() throws IOException {
        if (bytes != null && scan == null) {
            scan = new NanoWalScan(bytes, source.settings().scanBufferBytes());
            scan.seek(restingOffset);
        }
    }

    /** Length of the file when it was last determined. */
    long knownBytes() {
        return scan == null ? restingBytes : scan.fileBytes();
    }

    NanoWalFile file() {
        return inFile(file);
    }

    SharedFile bytes() {
        return inFile(bytes);
    }

    NanoWalScan scan() {
        return inFile(scan);
    }

    private <T> T inFile(@Nullable T current) {
        if (current == null) {
            throw new IllegalStateException("the walk stands in no file: stream=" + key);
        }
        return current;
    }

    void load() throws IOException {
        if (!scan().load()) {
            throw new IOException("file was cut while it was read");
        }
    }

    void leave() {
        if (scan != null) {
            scan.close();
            scan = null;
        }
        if (bytes != null) {
            bytes.close();
            bytes = null;
        }
    }

    // ---- the record it stands on

    @Override
    public String key() {
        return key;
    }

    @Override
    public WalkedRecord record() {
        if (!onRecord) {
            checkUsable();
            throw new IllegalStateException("cursor is on no record: stream=" + key + "; call next() first, until it returns true");
        }
        return this;
    }

    @Override
    public long position() {
        return file().position(scan().offset());
    }

    @Override
    public int frameBytes() {
        return NanoWalPosition.size(scan().frameBytes());
    }

    /** Always 0: the format has no timestamps. */
    @Override
    public long timestampMillis() {
        return 0;
    }

    @Override
    public int headerLength() {
        return scan().headerLength();
    }

    @Override
    public int contentLength() {
        return scan().contentLength();
    }

    @Override
    public void copyHeader(ByteBuf target) {
        scan().copyHeader(target);
    }

    @Override
    public void copyContent(ByteBuf target) {
        scan().copyContent(target);
    }

    @Override
    public boolean isSealed() {
        return false;
    }

    @Override
    public byte[] copyBody() {
        return scan().copyBody();
    }

    @Override
    public long nextPosition() {
        return resume;
    }

    @Override
    public void close() {
        closed = true;
        onRecord = false;
        leave();
    }
}
