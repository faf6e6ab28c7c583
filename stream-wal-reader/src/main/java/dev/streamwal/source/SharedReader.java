package dev.streamwal.source;

import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalReader;
import java.lang.invoke.MethodHandles;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** How the writer makes readers that know what it knows, without the public API having a way to. */
public final class SharedReader {

    /** What {@link WalReader} lets this package do. */
    public interface Access {
        /** Opens a reader that asks the writer. */
        WalReader open(Path root, ReaderOptions options, WriterView writer);

        /** See {@link ChannelCache#readCalls()}. */
        long readCalls(WalReader reader);

        /** See {@link ChannelCache#readBytes()}. */
        long readBytes(WalReader reader);
    }

    /** Set once, when {@link WalReader} is initialised. */
    private static volatile @Nullable Access access;

    private SharedReader() {}

    /** Called by {@link WalReader} only. */
    public static void accessBy(Access walReader) {
        access = walReader;
    }

    /** A reader in the process that writes the log. */
    public static WalReader open(Path root, ReaderOptions options, WriterView writer) {
        return access().open(root, options, writer);
    }

    /** Read calls that the reader has made, of headers and footers too. */
    public static long readCalls(WalReader reader) {
        return access().readCalls(reader);
    }

    /** Bytes that the reader has read, of headers and footers too. */
    public static long readBytes(WalReader reader) {
        return access().readBytes(reader);
    }

    private static Access access() {
        Access known = access;
        if (known == null) {
            try {
                MethodHandles.lookup().ensureInitialized(WalReader.class);
            } catch (IllegalAccessException e) {
                throw new AssertionError("a public class of this module", e);
            }
            known = access;
        }
        if (known == null) {
            throw new AssertionError("WalReader gives access when it is initialised");
        }
        return known;
    }
}
