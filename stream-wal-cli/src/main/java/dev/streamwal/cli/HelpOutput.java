package dev.streamwal.cli;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/** Standard output for picocli, which writes help by a writer that tells nobody of a failure. */
final class HelpOutput extends FilterOutputStream {

    private @Nullable IOException failure;

    HelpOutput(OutputStream target) {
        super(target);
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        try {
            out.write(bytes, offset, length);
        } catch (IOException e) {
            failure = e;
            throw e;
        }
    }

    /** Where not all was written. */
    void check() {
        IOException failed = failure;
        if (failed != null) {
            throw new OutputFailedException(failed);
        }
    }
}
