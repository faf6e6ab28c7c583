package dev.streamwal.ratis.shard;

import dev.streamwal.io.LogFile;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.StreamCorruptedException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;

/**
 * A shard's state in its file, big-endian: {@code SWRS}, the version, the fields in the order of {@link ShardState#write}, and the CRC32C of all that.
 * Its size is that of the keys and 20 bytes each, that of producers and 28 bytes for each stream that they append to once, and what {@link Producers} is
 * bounded by. So it may be gigabytes, and is written and read in pieces.
 */
final class StateFile {

    static final int PIECE_BYTES = 64 << 10;

    private static final int MAGIC = 0x5357_5253;
    private static final int VERSION = 3;

    private StateFile() {}

    /** Where the bytes are read from, twice: their checksum first. */
    @FunctionalInterface
    interface Source {
        InputStream open() throws IOException;
    }

    /** Writes a new file, durable but for its name. */
    static void write(ShardState state, Path file) throws IOException {
        Path unused = LogFile.writeNew(file, opened -> {
            write(state, new Output(opened));
            return file;
        });
    }

    static void write(ShardState state, OutputStream target) throws IOException {
        CRC32C crc = new CRC32C();
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(new CheckedOutputStream(target, crc), PIECE_BYTES));
        out.writeInt(MAGIC);
        out.writeInt(VERSION);
        state.write(out);
        out.flush();
        target.write(ByteBuffer.allocate(Integer.BYTES).putInt((int) crc.getValue()).array());
    }

    /**
     * Reads a file.
     *
     * @throws OtherVersionException if another version wrote it
     * @throws StreamCorruptedException if it is no state, or damaged
     */
    static ShardState read(Path file) throws IOException {
        return read(Files.size(file), () -> Files.newInputStream(file));
    }

    /** @param length in bytes, of what is read */
    static ShardState read(long length, Source source) throws IOException {
        long body = length - Integer.BYTES;
        checkWhole(body, source);
        try (DataInputStream in = new DataInputStream(new Beginning(new BufferedInputStream(source.open(), PIECE_BYTES), body))) {
            int unusedMagic = in.readInt();
            int version = in.readInt();
            if (version != VERSION) {
                throw OtherVersionException.of(version, VERSION);
            }
            return ShardState.read(in);
        }
    }

    private static void checkWhole(long body, Source source) throws IOException {
        if (body < 2 * Integer.BYTES) {
            throw new StreamCorruptedException("file is no state of a shard: bytes=" + (body + Integer.BYTES));
        }
        try (DataInputStream all = new DataInputStream(new BufferedInputStream(source.open(), PIECE_BYTES))) {
            CRC32C crc = new CRC32C();
            DataInputStream checked = new DataInputStream(new CheckedInputStream(new Beginning(all, body), crc));
            if (checked.readInt() != MAGIC) {
                throw new StreamCorruptedException("file is no state of a shard: bytes=" + (body + Integer.BYTES));
            }
            long unused = checked.transferTo(OutputStream.nullOutputStream());
            if (all.readInt() != (int) crc.getValue()) {
                throw new StreamCorruptedException("state of a shard is damaged: bytes=" + (body + Integer.BYTES));
            }
        }
    }

    /** So many bytes of another stream; what is left of them is known without asking the file. */
    private static final class Beginning extends InputStream {

        private final InputStream all;
        private long left;

        Beginning(InputStream all, long length) {
            this.all = all;
            this.left = length;
        }

        @Override
        public int read() throws IOException {
            int read = left == 0 ? -1 : all.read();
            left -= read < 0 ? 0 : 1;
            return read;
        }

        @Override
        public int read(byte[] target, int from, int count) throws IOException {
            int read = left == 0 ? -1 : all.read(target, from, (int) Math.min(count, left));
            left -= Math.max(0, read);
            return read;
        }

        @Override
        public int available() {
            return (int) Math.min(left, Integer.MAX_VALUE);
        }

        @Override
        public void close() throws IOException {
            all.close();
        }
    }

    /** Appends to a new file. */
    private static final class Output extends OutputStream {

        private final LogFile.Opened file;
        private long end;

        Output(LogFile.Opened file) {
            this.file = file;
        }

        @Override
        public void write(int each) throws IOException {
            write(new byte[] {(byte) each}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int count) throws IOException {
            file.write(end, ByteBuffer.wrap(bytes, from, count));
            end += count;
        }
    }
}
