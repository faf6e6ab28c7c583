package dev.streamwal.nanowal;

import dev.streamwal.error.WalClosedException;
import dev.streamwal.format.NanoWalPosition;
import dev.streamwal.io.SharedFile;
import dev.streamwal.segment.WalkedRecord;
import dev.streamwal.walk.RecordWalk;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A way through the records of a prefix, of which a subclass says where it leads. It stands in one open file at most. */
abstract class NanoWalWalk implements RecordWalk, WalkedRecord {

    final NanoWalDirectory source;
    final String key;

    @Nullable NanoWalFile file;
    private @Nullable SharedFile bytes;
    private @Nullable NanoWalScan scan;
    /** Where the scan stood, and how long the file was, when its memory was given back. */
    private long restingOffset;
    private long restingBytes;

    long resume;
    private boolean onRecord;
    private boolean closed;

    NanoWalWalk(NanoWalDirectory source, String key) {
        this.source = source;
        this.key = key;
    }

    /** Goes to the next record, and loads it; false where there is none, for now. */
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
            throw new WalClosedException("a cursor is not used after it was closed: stream=" + key, null, key, resume, null);
        }
        source.checkOpen();
    }

    // ---- from file to file

    /** Opens the file; what was open is left. */
    NanoWalFile.Header enter(NanoWalFile next) throws IOException {
        leave();
        file = next;
        SharedFile opened = next.open(source.channels());
        bytes = opened;
        scan = new NanoWalScan(opened, source.settings().scanBufferBytes());
        return next.header(opened);
    }

    boolean isInFile() {
        return bytes != null;
    }

    /** Gives the memory back, until {@link #wake()}. */
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

    /** How long the file was when it was looked at last. */
    long knownBytes() {
        return scan == null ? restingBytes : scan.fileBytes();
    }

    NanoWalFile file() {
        NanoWalFile current = file;
        if (current == null) {
            throw new IllegalStateException("the walk stands in no file: stream=" + key);
        }
        return current;
    }

    SharedFile bytes() {
        SharedFile current = bytes;
        if (current == null) {
            throw new IllegalStateException("the walk stands in no file: stream=" + key);
        }
        return current;
    }

    NanoWalScan scan() {
        NanoWalScan current = scan;
        if (current == null) {
            throw new IllegalStateException("the walk stands in no file: stream=" + key);
        }
        return current;
    }

    void load() throws IOException {
        if (!scan().load()) {
            throw new IOException("the file was cut while it was read");
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
            throw new IllegalStateException("a walk has a record only after next() said so: stream=" + key);
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

    /** The format has none. */
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
