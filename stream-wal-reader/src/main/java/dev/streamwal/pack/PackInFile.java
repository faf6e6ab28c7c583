package dev.streamwal.pack;

import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.OpenBytes;
import java.io.IOException;
import java.nio.file.Path;

/** A pack in the log's directory. */
public record PackInFile(ChannelCache channels, Path file) implements PackSource {

    @Override
    public OpenBytes open() throws IOException {
        return channels.acquireSealed(file);
    }

    @Override
    public OpenBytes openFile() throws IOException {
        return channels.acquire(file);
    }

    @Override
    public void forget() {
        channels.forget(file);
    }
}
