package dev.streamwal.cli.ingest;

import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.util.Arrays;

/** A text without the byte order mark that editors write before UTF-8. Doesn't support mark and skip. */
final class UnmarkedInput extends PushbackInputStream {

    private static final byte[] MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

    private boolean begun;

    /** Closed with this. */
    UnmarkedInput(InputStream input) {
        super(input, MARK.length);
    }

    private void begin() throws IOException {
        if (begun) {
            return;
        }
        begun = true;
        byte[] first = in.readNBytes(MARK.length);
        if (!Arrays.equals(first, MARK)) {
            unread(first);
        }
    }

    @Override
    public int read() throws IOException {
        begin();
        return super.read();
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        begin();
        return super.read(target, offset, length);
    }
}
